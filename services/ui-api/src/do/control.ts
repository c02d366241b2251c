import type { Transaction } from '@yardmaster/db'
import type { Json } from '@yardmaster/domain'
import type { Deps } from '../deps.js'
import type { PathParams } from '../http/resources/places.js'

export type ControlRequest = {
  deps: Pick<Deps, 'activeGeneration' | 'activeGenerations' | 'db' | 'clock'>
  /** Of the row that the path names: it is there. */
  id: number
  params: PathParams
  args: { [name: string]: unknown }
  actor: string
  /** Whose builds these become: Buildbot's owner of who has signed in; null: who asks has not. */
  owner: string | null
}

/** Does it in the caller's transaction, which also records it (and may run it again after a deadlock); resolves to the JSON-RPC result. Throws ControlError. */
export type Control = (tx: Transaction, request: ControlRequest) => Promise<Json>

/** Asks what has to be asked outside of any transaction (functions of the configuration), and answers what is then to be done in one. Throws ControlError. */
export type PreparedControl = { prepare(request: Omit<ControlRequest, 'id'>): Promise<Control> }
