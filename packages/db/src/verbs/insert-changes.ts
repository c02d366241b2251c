import type { Json } from '@yardmaster/domain'
import { storableJson, storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import type { NewChange } from './add-change.js'
import { findOrAddSourcestamps } from './find-or-add-sourcestamp.js'

export type ChangeOfDelivery = { change: NewChange; deliveryId: number | null }

/** How far back the change before is looked for, among those of the repository and of the branch's name: the two may have millions each, and nothing in common. */
const FAR = 300

/** Worded by row, in the order of the index that knows both: by the condition alone the planner may walk through all changes there are, for one of a place that is new. */
function newestBy(column: 'repository' | 'branch'): string {
  const order = (table: string) => `left(${table}.${column}, 100) DESC, ${table}.id DESC`
  return `(SELECT near.id FROM (
      SELECT c.* FROM changes c WHERE (left(c.${column}, 100), c.id) <= (left(given.${column}, 100), ${Number.MAX_SAFE_INTEGER}::bigint) ORDER BY ${order('c')} LIMIT ${FAR}
    ) AS near
    WHERE near.repository = given.repository AND near.project = given.project AND near.codebase = given.codebase AND near.branch IS NOT DISTINCT FROM given.branch
    ORDER BY ${order('near')} LIMIT 1)`
}

/** The newest change of the same repository, project, codebase and branch: Buildbot's parent of a change. */
const changeBefore = `greatest(${newestBy('repository')}, ${newestBy('branch')})`

/** Writes changes in their order, each pending for every configuration set. Returns their ids. */
export async function insertChanges(tx: Transaction, given: ChangeOfDelivery[]): Promise<number[]> {
  if (given.length === 0) return []
  const stamps = await findOrAddSourcestamps(tx, given.map(({ change: { codebase, repository, project, branch, revision } }) => ({ codebase, repository, project, branch, revision })))
  const rows = await tx.query<{ id: number; version: number }>(
    `WITH given AS (
       SELECT nextval(pg_get_serial_sequence('changes', 'id')) AS id, ordered.* FROM (
         SELECT * FROM jsonb_to_recordset($1::jsonb) AS n(n int, delivery_id bigint, sourcestamp_id bigint, author text, committer text, comments text, branch text, revision text, revlink text,
           category text, repository text, codebase text, project text, properties jsonb, files text[], when_at timestamptz)
         ORDER BY n) AS ordered
     )
     INSERT INTO changes (id, delivery_id, sourcestamp_id, parent_change_ids, author, committer, comments, branch, revision, revlink, category, repository, codebase, project, properties, files, when_at)
     SELECT id, delivery_id, sourcestamp_id, array_remove(ARRAY[coalesce(lag(id) OVER (PARTITION BY repository, project, codebase, branch ORDER BY n), ${changeBefore})], NULL),
       author, committer, comments, branch, revision, revlink, category, repository, codebase, project, properties, files, when_at
     FROM given ORDER BY n RETURNING id, version`, [storableJson(given.map((item, n) => rowOf(item, { n, sourcestamp_id: stamps[n]! })))])
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
