import { transaction, type Transaction } from '@yardmaster/db'
import { recordControl } from '@yardmaster/db/verbs/record-control'
import type { Json } from '@yardmaster/domain'
import type { Deps } from '../../deps.js'
import { YardError } from './yard-error.js'

/** Nobody is signed in yet. */
export const actor = 'user:anonymous'

type QueueControl = { action: string; thing: 'build_requests' | 'buildsets'; id: number; parameters: { [name: string]: Json } }

/** Does it, with its record, in one transaction. */
export async function controlQueue<T>({ db, logger }: Pick<Deps, 'db' | 'logger'>, { action, thing, id, parameters }: QueueControl, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const done = await transaction(db, null, async tx => {
    const outcome = await work(tx)
    if (outcome !== null && outcome !== false) await recordControl(tx, { actor, action, thing, thingId: id, parameters })
    return outcome
  })
  logger.info({ actor, action, [thing]: id }, 'control')
  return done
}

export function wholeId(text: string): number {
  const id = Number(text)
  if (!Number.isSafeInteger(id) || id < 1) throw new YardError(404, `not found: ${text} is no number of a row`)
  return id
}
