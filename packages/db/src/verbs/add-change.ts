import type { Properties } from '@yardmaster/domain'
import { storableJson, storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { findOrAddSourcestamp } from './find-or-add-sourcestamp.js'

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
  const ids: number[] = []
  for (const change of changes) ids.push(await insertChange(tx, change, deliveryId))
  if (ids.length > 0) tx.wake('changes')
  return { ids }
}

/** Waits for a transaction that is accepting the same delivery; undefined: it has been accepted. */
async function acceptDelivery(tx: Transaction, { source, key }: DeliveryKey): Promise<number | undefined> {
  const [row] = await tx.query<{ id: number }>(
    'INSERT INTO deliveries (source, key) VALUES ($1, $2) ON CONFLICT (source, key) DO NOTHING RETURNING id', [storableText(source), storableText(key)])
  return row?.id
}

async function insertChange(tx: Transaction, change: NewChange, deliveryId: number | null): Promise<number> {
  const { codebase, repository, project, branch, revision } = change
  const sourcestampId = await findOrAddSourcestamp(tx, { codebase, repository, project, branch, revision })
  const texts = [change.author, change.committer, change.comments, branch, revision, change.revlink, change.category, repository, codebase, project]
  const [row] = await tx.query<{ id: number; version: number }>(
    `INSERT INTO changes (delivery_id, sourcestamp_id, author, committer, comments, branch, revision, revlink, category, repository, codebase, project,
       properties, files, when_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::jsonb, $14, $15) RETURNING id, version`,
    [deliveryId, sourcestampId, ...texts.map(text => text == null ? null : storableText(text)),
      storableJson(change.properties), change.files.map(storableText), change.whenAt])
  await addPending(tx, row!.id)
  tx.publish({ type: 'change.new', id: row!.id, version: row!.version, project: project === '' ? null : storableText(project) })
  return row!.id
}

/** Where there is no set yet the first one may be just coming, and take up only what it sees: either it waits for this change, or this one for it. */
async function addPending(tx: Transaction, changeId: number): Promise<void> {
  const insert = () => tx.execute('INSERT INTO pending_dispatches (set_name, change_id) SELECT name, $1 FROM configuration_sets WHERE active_generation_id IS NOT NULL', [changeId])
  if (await insert() > 0) return
  await tx.execute('SELECT 1 FROM installation FOR SHARE')
  await insert()
}
