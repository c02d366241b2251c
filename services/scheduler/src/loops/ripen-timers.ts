import { transaction } from '@yardmaster/db'
import { ripenTimers as ripen } from '@yardmaster/db/verbs/ripen-timers'
import type { Clock } from '@yardmaster/runtime'
import { enabledSchedulers } from '../active-generation.js'
import type { Deciding } from './dispatch-changes.js'

export type WithAlarm = Deciding & { clock: Clock; setAlarm(epochMs: number | null): void }

/** Trees that have been quiet long enough are to be built; then the alarm is set to the next one. Timers of disabled and removed schedulers wait until these are back. */
export function ripenTimers({ db, fence, active, holdsDuty, clock, setAlarm }: WithAlarm): (signal: AbortSignal) => Promise<void> {
  return async () => {
    const generation = active()
    if (generation === null || !await holdsDuty()) return
    const ids = (await enabledSchedulers(db, generation.configuration)).map(scheduler => scheduler.id)
    const nearest = () => nextDue(db, ids)
    let due = await nearest()
    if (due !== null && due <= 0) {
      await transaction(db, fence, tx => ripen(tx, ids))
      due = await nearest()
    }
    setAlarm(due === null ? null : clock.now() + due)
  }
}

/** Milliseconds, by the database's clock, which all replicas share. */
async function nextDue(db: Deciding['db'], schedulerIds: number[]): Promise<number | null> {
  const { rows } = await db.pool.query<{ due_in_ms: number | null }>(
    `SELECT (extract(epoch FROM min(due_at) - now()) * 1000)::float8 AS due_in_ms FROM scheduler_timers WHERE important AND due_at < 'infinity' AND scheduler_id = ANY($1)`, [schedulerIds])
  return rows[0]?.due_in_ms ?? null
}
