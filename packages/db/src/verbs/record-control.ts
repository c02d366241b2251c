import type { Json } from '@yardmaster/domain'
import { storableJson } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type ControlRecord = {
  /** user:NAME, token:NAME or system:NAME. */
  actor: string
  action: string
  /** The table of what it was done to, and the row in it. */
  thing: string
  thingId: number | null
  /** How it was asked for; no secrets. */
  parameters: { [name: string]: Json }
  /** By whose right, how and from where it was asked for. */
  from?: { username: string | null; via: 'anonymous' | 'user' | 'token'; address: string }
}

/** Keeps who did what, in the transaction that does it, and tells that it was done. */
export async function recordControl(tx: Transaction, { actor, action, thing, thingId, parameters, from }: ControlRecord): Promise<void> {
  const [row] = await tx.query<{ id: number }>(
    'INSERT INTO control_actions (actor, action, thing, thing_id, parameters, username, via, address) VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8) RETURNING id',
    [actor, action, thing, thingId, storableJson(parameters), from?.username ?? null, from?.via ?? null, from?.address ?? null])
  if (row && thingId !== null) tx.publish({ type: 'control.done', id: row.id, version: 1, project: null, parents: { thing, row: thingId, action } })
}
