import type { Json } from '@yardmaster/domain'
import { storableJson, storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import type { NewChange } from './add-change.js'
import { findOrAddSourcestamps } from './find-or-add-sourcestamp.js'

export type ChangeOfDelivery = { change: NewChange; deliveryId: number | null }

/** Writes changes in their order, each pending for every configuration set. Returns their ids. */
export async function insertChanges(tx: Transaction, given: ChangeOfDelivery[]): Promise<number[]> {
  if (given.length === 0) return []
  const stamps = await findOrAddSourcestamps(tx, given.map(({ change: { codebase, repository, project, branch, revision } }) => ({ codebase, repository, project, branch, revision })))
  const rows = await tx.query<{ id: number; version: number }>(
    `INSERT INTO changes (delivery_id, sourcestamp_id, author, committer, comments, branch, revision, revlink, category, repository, codebase, project, properties, files, when_at)
     SELECT delivery_id, sourcestamp_id, author, committer, comments, branch, revision, revlink, category, repository, codebase, project, properties, files, when_at
     FROM jsonb_to_recordset($1::jsonb) AS n(n int, delivery_id bigint, sourcestamp_id bigint, author text, committer text, comments text, branch text, revision text, revlink text,
       category text, repository text, codebase text, project text, properties jsonb, files text[], when_at timestamptz)
     ORDER BY n RETURNING id, version`, [storableJson(given.map((item, n) => rowOf(item, { n, sourcestamp_id: stamps[n]! })))])
  // Numbered in the order of the SELECT, whatever the order in which they are answered.
  rows.sort((a, b) => a.id - b.id)
  await addPending(tx, rows.map(({ id }) => id))
  tx.publish(...rows.map(({ id, version }, n) => ({ type: 'change.new' as const, id, version, project: storableText(given[n]!.change.project) || null })))
  tx.wake('changes')
  return rows.map(({ id }) => id)
}

function rowOf({ change, deliveryId }: ChangeOfDelivery, row: { n: number; sourcestamp_id: number }): Json {
  const { author, comments, branch, revision, repository, codebase, project, files, properties, whenAt, committer = null, category = null, revlink = null } = change
  return {
    ...row, delivery_id: deliveryId, author, committer, comments, branch, revision, revlink, category, repository, codebase, project, properties, files, when_at: whenAt.toISOString(),
  }
}

/** Where there is no set yet the first one may be just coming, and take up only what it sees: either it waits for this change, or this one for it. */
async function addPending(tx: Transaction, changeIds: number[]): Promise<void> {
  const insert = () => tx.execute(
    'INSERT INTO pending_dispatches (set_name, change_id) SELECT name, change_id FROM configuration_sets CROSS JOIN unnest($1::bigint[]) AS n(change_id) WHERE active_generation_id IS NOT NULL', [changeIds])
  if (await insert() > 0) return
  await tx.execute('SELECT 1 FROM installation FOR SHARE')
  await insert()
}
