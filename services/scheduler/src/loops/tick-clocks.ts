import { transaction, type Database } from '@yardmaster/db'
import { fireClock } from '@yardmaster/db/verbs/fire-clock'
import { planClock } from '@yardmaster/db/verbs/plan-clock'
import type { ClockScheduler } from '@yardmaster/domain'
import { actingSchedulers, type AskedScheduler } from '../active-generation.js'
import { beginsToLook, firstTick, specOf, ticksDue } from '../do/count-ticks.js'
import { helpsToWait } from '../do/helps-to-wait.js'
import type { Deciding } from './dispatch-changes.js'
import type { WithAlarm } from './ripen-timers.js'

type ClockRow = { scheduler_id: number; spec: string; due_at: Date | null; fired_at: Date | null; version: number; due_in_ms: number | null }
type Ticking = AskedScheduler<ClockScheduler>

const ticks = (scheduler: AskedScheduler): scheduler is Ticking => scheduler.kind === 'periodic' || scheduler.kind === 'nightly' || scheduler.kind === 'nightlyTriggerable'

/** Clocks of schedulers are set when the configuration says something new, and what ticks is written as tasks; then the alarm is set to the next tick. Those of disabled schedulers go on in silence. */
export function tickClocks({ clock, setAlarm, ...deciding }: WithAlarm): (signal: AbortSignal) => Promise<void> {
  const { db, logger, active, holdsDuty } = deciding
  return async signal => {
    const generation = active()
    if (generation === null) return
    const schedulers = generation.configuration.schedulers.some(({ kind }) => kind === 'periodic' || kind === 'nightly' || kind === 'nightlyTriggerable')
      ? (await actingSchedulers(db, generation.configuration)).filter(ticks) : []
    if (schedulers.length === 0) return setAlarm(null)
    if (!await holdsDuty()) return
    const { now, rows } = await readClocks(db, schedulers.map(scheduler => scheduler.id))
    for (const scheduler of schedulers) {
      if (signal.aborted) return
      try {
        await turn(deciding, { scheduler, row: rows.get(scheduler.id), now, generationId: generation.id })
      } catch (error) {
        if (helpsToWait(error)) throw error
        logger.error({ err: error, scheduler: scheduler.name }, 'the clock of a scheduler cannot be turned; it is tried again')
      }
    }
    const after = await readClocks(db, schedulers.map(scheduler => scheduler.id))
    const due = [...after.rows.values()].flatMap(row => row.due_in_ms ?? [])
    setAlarm(due.length === 0 ? null : clock.now() + Math.max(0, Math.min(...due)))
  }
}

type Turn = { scheduler: Ticking; row: ClockRow | undefined; now: Date; generationId: number }

async function turn({ db, fence, logger }: Deciding, { scheduler, row, now, generationId }: Turn): Promise<void> {
  const spec = specOf(scheduler)
  const own = { schedulerId: scheduler.id, generationId }
  if (row?.spec !== spec) {
    const dueAt = firstTick(scheduler, { now, firedAt: row?.fired_at ?? null })
    if (await transaction(db, fence, tx => planClock(tx, { ...own, spec, dueAt, force: row !== undefined && beginsToLook(scheduler, row.spec) }))) logger.info({ scheduler: scheduler.name, dueAt }, 'clock set')
    return
  }
  if (row.due_at === null || row.due_at > now) return
  const { ticks: due, next } = ticksDue(scheduler, { due: row.due_at, now })
  const outcome = await transaction(db, fence, tx => fireClock(tx, { ...own, version: row.version, ticks: due, nextAt: next }))
  if (outcome === 'fired') logger.info({ scheduler: scheduler.name, ticks: due.map(tick => tick.at), next, enabled: scheduler.enabled }, 'clock ticked')
}

/** `now` is the database's, which all replicas share. */
async function readClocks(db: Database, schedulerIds: number[]): Promise<{ now: Date; rows: Map<number, ClockRow> }> {
  const { rows } = await db.pool.query<ClockRow & { now: Date }>(
    `SELECT s.id AS scheduler_id, c.spec, c.due_at, c.fired_at, c.version, (extract(epoch FROM c.due_at - now()) * 1000)::float8 AS due_in_ms, now() AS now
     FROM unnest($1::bigint[]) AS s(id) LEFT JOIN scheduler_clocks c ON c.scheduler_id = s.id`, [schedulerIds])
  return { now: rows[0]!.now, rows: new Map(rows.filter(row => row.spec !== null).map(row => [row.scheduler_id, row])) }
}
