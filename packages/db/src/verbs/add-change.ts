import type { Properties } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { insertChanges } from './insert-changes.js'

/** Where a change came from, so that the same message sent again makes no second change. */
export type DeliveryKey = {
  source: string
  /** The host's delivery id, else a digest of the content. */
  key: string
}

export type NewChange = {
  /** Of a change that is a delivery by itself. Several changes of one message: `addChanges`. */
  delivery?: DeliveryKey
  author: string
  committer?: string | null
  comments: string
  branch: string | null
  revision: string | null
  repository: string
  codebase: string
  project: string
  category?: string | null
  revlink?: string | null
  files: string[]
  properties: Properties
  whenAt: Date
}

/** Accepts a change: the schedulers are asked about it later, under the generation that is active then. Null: its delivery was accepted before. */
export async function addChange(tx: Transaction, change: NewChange): Promise<{ id: number } | null> {
  const accepted = await addChanges(tx, change.delivery ?? null, [change])
  return accepted && { id: accepted.ids[0]! }
}

/**
 * Accepts the changes of one delivery (a push of several commits), in their order; with no delivery, they are accepted as they are.
 * Null: this delivery was accepted before, nothing was written.
 */
export async function addChanges(tx: Transaction, delivery: DeliveryKey | null, changes: NewChange[]): Promise<{ ids: number[] } | null> {
  const deliveryId = delivery && await acceptDelivery(tx, delivery)
  if (deliveryId === undefined) return null
  return { ids: await insertChanges(tx, changes.map(change => ({ change, deliveryId }))) }
}

/** Waits for a transaction that is accepting the same delivery; undefined: it has been accepted. */
async function acceptDelivery(tx: Transaction, { source, key }: DeliveryKey): Promise<number | undefined> {
  const [row] = await tx.query<{ id: number }>(
    'INSERT INTO deliveries (source, key, done_at) VALUES ($1, $2, now()) ON CONFLICT (source, key) DO NOTHING RETURNING id', [storableText(source), storableText(key)])
  return row?.id
}
