import type { Transaction } from '../transaction.js'
import { holdGeneration } from './hold-generation.js'
import { tellScheduler } from './plan-clock.js'

export type ClockFire = {
  schedulerId: number
  generationId: number
  /** Of the row that the ticks were counted from. */
  version: number
  /** To be built, in their order; none: they are let go. */
  ticks: { at: Date; forced: boolean }[]
  nextAt: Date | null
}

/**
 * A clock goes on, and what its ticks ask for is written: each once, whoever fires it. Of a disabled scheduler it goes on in silence.
 * 'lost': somebody fired it before, or it is not due; 'superseded': another generation is active. Both wrote nothing.
 */
export async function fireClock(tx: Transaction, fire: ClockFire): Promise<'fired' | 'lost' | 'superseded'> {
  if (await holdGeneration(tx, fire.generationId) === null) return 'superseded'
  const [clock] = await tx.query<{ force_next: boolean; enabled: boolean }>(
    `SELECT c.force_next, s.enabled FROM scheduler_clocks c JOIN schedulers s ON s.id = c.scheduler_id
     WHERE c.scheduler_id = $1 AND c.version = $2 AND c.due_at <= now() FOR UPDATE OF c`, [fire.schedulerId, fire.version])
  if (!clock) return 'lost'
  const ticks = clock.enabled ? fire.ticks : []
  await tx.execute(
    `UPDATE scheduler_clocks SET due_at = $2, fired_at = CASE WHEN $3::boolean THEN now() ELSE fired_at END, force_next = force_next AND NOT $3::boolean, version = version + 1 WHERE scheduler_id = $1`,
    [fire.schedulerId, fire.nextAt, ticks.length > 0])
  await tx.execute(
    `INSERT INTO scheduler_tasks (scheduler_id, cause, tick_at, forced)
     SELECT $1, 'tick', t.at, t.forced OR (t.n = 1 AND $4::boolean) FROM unnest($2::timestamptz[], $3::boolean[]) WITH ORDINALITY AS t(at, forced, n) ORDER BY t.n`,
    [fire.schedulerId, ticks.map(tick => tick.at), ticks.map(tick => tick.forced), clock.force_next])
  await tellScheduler(tx, fire.schedulerId)
  if (ticks.length > 0) tx.wake('tasks')
  return 'fired'
}
