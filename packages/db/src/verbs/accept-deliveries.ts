import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import type { NewChange } from './add-change.js'
import { insertChanges } from './insert-changes.js'
import { leaveOutTold } from './leave-out-told.js'

/** A message of a hook. */
export type NewDelivery = {
  source: string
  /** The host's id of the delivery; or a digest (`hashed`), by which it is the same message for ten minutes. */
  key: string
  hashed: boolean
  event: string
  repository: string
  /** As JSON. */
  payload: string
  /** Under which it was read. */
  generationId: number
  note: string
  /** Null: something outside has to be asked first, after this. */
  changes: NewChange[] | null
  /** A source looks for what this hook was never told. */
  reconciled?: boolean
}

/** Afterwards the same content counts as a new message: a person may want the same thing again. */
const SAME_FOR = "interval '10 minutes'"

/**
 * Accepts messages, each once, with the changes that came of them at once; what has to ask outside stays pending. Waits for transactions that are accepting the same ones.
 * Answers for each whether it is new; of a message that is there twice the first is.
 */
export async function acceptDeliveries(tx: Transaction, deliveries: NewDelivery[]): Promise<boolean[]> {
  await forgetHashes(tx, deliveries.filter(({ hashed }) => hashed))
  const ids = await insert(tx, deliveries)
  const accepted = deliveries.map(delivery => {
    const key = keyOf(delivery)
    const id = ids.get(key)
    ids.delete(key)
    return id
  })
  const told = deliveries.flatMap(({ changes }, n) => (accepted[n] === undefined ? [] : (changes ?? []).map(change => ({ change, deliveryId: accepted[n]! }))))
  const isNew = deliveries.some(({ reconciled }) => reconciled) ? await leaveOutTold(tx, told.map(({ change }) => change), 'hook') : null
  await insertChanges(tx, isNew === null ? told : told.filter((_, n) => isNew[n]))
  if (deliveries.some(({ changes }, n) => changes === null && accepted[n] !== undefined)) tx.wake('deliveries')
  tx.publish(...accepted.filter(id => id !== undefined).map(id => ({ type: 'delivery.new' as const, id, version: 1, project: null })))
  return accepted.map(id => id !== undefined)
}

const keyOf = ({ source, key }: { source: string; key: string }) => JSON.stringify([source, storableText(key)])

/** An old one keeps its row, under a name of its own. */
async function forgetHashes(tx: Transaction, hashed: NewDelivery[]): Promise<void> {
  if (hashed.length === 0) return
  await tx.execute(
    `UPDATE deliveries d SET key = d.key || '#' || d.id FROM (SELECT d.id FROM deliveries d JOIN unnest($1::text[], $2::text[]) AS n(source, key) USING (source, key)
       WHERE d.hashed AND d.received_at < now() - ${SAME_FOR} ORDER BY d.id FOR UPDATE OF d) old WHERE d.id = old.id`,
    [hashed.map(({ source }) => source), hashed.map(({ key }) => storableText(key))])
}

const TYPES = ['text', 'text', 'bool', 'text', 'text', 'text', 'int', 'text']

/** A parameter each: payloads are large, and an array of them would be written and read again letter by letter. */
async function insert(tx: Transaction, deliveries: NewDelivery[]): Promise<Map<string, number>> {
  const values = deliveries.map((_, row) => `(${TYPES.map((type, column) => `$${row * TYPES.length + column + 1}::${type}`).join(', ')})`)
  const rows = await tx.query<{ id: number; source: string; key: string }>(
    `INSERT INTO deliveries (source, key, hashed, event, repository, payload, set_name, note, state, done_at)
     SELECT source, key, hashed, event, repository, payload, (SELECT g.set_name FROM generations g WHERE g.id = generation_id), coalesce(note, ''),
       CASE WHEN note IS NULL THEN 'pending' ELSE 'done' END, CASE WHEN note IS NULL THEN NULL ELSE now() END
     FROM (VALUES ${values.join(', ')}) AS n(source, key, hashed, event, repository, payload, generation_id, note)
     ORDER BY source, key ON CONFLICT (source, key) DO NOTHING RETURNING id, source, key`,
    deliveries.flatMap(({ source, key, hashed, event, repository, payload, generationId, note, changes }) =>
      [source, storableText(key), hashed, storableText(event), storableText(repository), storableText(payload), generationId, changes === null ? null : storableText(note)]))
  return new Map(rows.map(row => [keyOf(row), row.id]))
}
