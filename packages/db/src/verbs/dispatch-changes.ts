import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { addBuildsets, type NewBuildset } from './add-buildset.js'
import { holdGeneration } from './hold-generation.js'
import { upsertTimers, type TimerChange } from './upsert-timers.js'

/** Where a scheduler has seen a codebase. */
export type SeenPlace = { schedulerId: number; codebase: string; repository: string; branch: string | null; revision: string | null }

/** What the schedulers of a generation made of a change. */
export type Dispatch = {
  changeId: number
  timers: TimerChange[]
  /** Schedulers that make a buildset of it later, each in its own order, because they ask functions for it. */
  tasks: number[]
  places: SeenPlace[]
  buildsets: NewBuildset[]
}

/**
 * The changes are dispatched to the schedulers of the generation's set and what came of them is written, together and each once: returns those that
 * nobody had dispatched before. 'superseded': another generation became active meanwhile; ask its schedulers. Then nothing was written.
 */
export async function dispatchChanges(tx: Transaction, generationId: number, dispatches: Dispatch[]): Promise<'superseded' | number[]> {
  const set = await holdGeneration(tx, generationId)
  if (set === null) return 'superseded'
  const ids = dispatches.map(dispatch => dispatch.changeId)
  // Before the timers, against the fixed order of tables: nobody else locks a change's row, so no circle can close.
  // The rows first: of two sets that dispatch them at once, the later one sees that it is the last.
  await tx.execute('SELECT 1 FROM changes WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE', [ids])
  const marked = await tx.query<{ change_id: number }>('DELETE FROM pending_dispatches WHERE set_name = $1 AND change_id = ANY($2) RETURNING change_id', [set, ids])
  if (marked.length === 0) return []
  const won = new Set(marked.map(row => row.change_id))
  await tx.execute(
    `UPDATE changes c SET dispatched_at = now(), version = version + 1
     WHERE id = ANY($1) AND dispatched_at IS NULL AND NOT EXISTS (SELECT 1 FROM pending_dispatches p WHERE p.change_id = c.id)`, [[...won]])
  const ours = dispatches.filter(dispatch => won.has(dispatch.changeId))
  await upsertTimers(tx, ours.flatMap(dispatch => dispatch.timers))
  await addTasks(tx, ours)
  await keepPlaces(tx, ours)
  await addBuildsets(tx, ours.flatMap(dispatch => dispatch.buildsets))
  return [...won]
}

async function addTasks(tx: Transaction, dispatches: Dispatch[]): Promise<void> {
  const tasks = dispatches.flatMap(({ changeId, tasks: schedulers }) => schedulers.map(schedulerId => ({ changeId, schedulerId })))
  if (tasks.length === 0) return
  await tx.execute(
    `INSERT INTO scheduler_tasks (scheduler_id, cause, change_ids)
     SELECT t.scheduler_id, 'changes', ARRAY[t.change_id] FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS t(scheduler_id, change_id, n) ORDER BY t.n`,
    [tasks.map(task => task.schedulerId), tasks.map(task => task.changeId)])
  tx.wake('tasks')
}

/** Of two changes of one codebase the later one stands, in whatever order they are written. */
async function keepPlaces(tx: Transaction, dispatches: Dispatch[]): Promise<void> {
  const newest = new Map(dispatches.flatMap(({ changeId, places }) => places.map(place => [JSON.stringify([place.schedulerId, place.codebase]), { ...place, changeId }] as const)))
  if (newest.size === 0) return
  const rows = [...newest.values()].sort((a, b) => a.schedulerId - b.schedulerId || (a.codebase < b.codebase ? -1 : 1))
  await tx.execute(
    `INSERT INTO scheduler_places (scheduler_id, codebase, repository, branch, revision, change_id)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
     ON CONFLICT (scheduler_id, codebase) DO UPDATE SET repository = excluded.repository, branch = excluded.branch, revision = excluded.revision, change_id = excluded.change_id
     WHERE scheduler_places.change_id < excluded.change_id`,
    [rows.map(row => row.schedulerId), rows.map(row => storableText(row.codebase)), rows.map(row => storableText(row.repository)), rows.map(row => row.branch),
      rows.map(row => row.revision), rows.map(row => row.changeId)])
}
