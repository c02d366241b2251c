import { isUnavailable, transaction, type Database } from '@yardmaster/db'
import { fireTimer } from '@yardmaster/db/verbs/fire-timer'
import { planBuildset, type CallFunction } from '@yardmaster/domain'
import { ReplicaBuried, type Clock } from '@yardmaster/runtime'
import { enabledSchedulers } from '../active-generation.js'
import type { AskedScheduler } from '../do/plan-dispatch.js'
import { readChanges } from '../do/read-changes.js'
import type { Deciding } from './dispatch-changes.js'

type RunningTimer = { scheduler_id: number; key: string; version: number; change_ids: string[]; due_in_ms: number }

export type FiringTimers = Deciding & { clock: Clock; setAlarm(epochMs: number | null): void }

/** Trees that have been quiet long enough are built; then the alarm is set to the next one. Timers of disabled and removed schedulers wait until these are back. */
export function fireTimers({ db, fence, logger, active, holdsDuty, clock, setAlarm }: FiringTimers): (signal: AbortSignal) => Promise<void> {
  return async signal => {
    const generation = active()
    if (generation === null || !await holdsDuty()) return
    const schedulers = new Map((await enabledSchedulers(db, generation.configuration)).map(scheduler => [scheduler.id, scheduler]))
    const timers = await readRunning(db, schedulers)
    for (const timer of timers.filter(({ due_in_ms }) => due_in_ms <= 0)) {
      if (signal.aborted) return
      const scheduler = schedulers.get(timer.scheduler_id)!
      try {
        await fireOne({ db, fence, call: generation.call }, timer, scheduler, generation.id)
      } catch (error) {
        if (error instanceof ReplicaBuried || isUnavailable(error)) throw error
        logger.error({ err: error, scheduler: scheduler.name, changes: timer.change_ids }, 'the tree is stable but its buildset cannot be written; it is tried again')
      }
    }
    const next = timers.find(({ due_in_ms }) => due_in_ms > 0)
    setAlarm(next ? clock.now() + next.due_in_ms : null)
  }
}

async function fireOne({ db, fence, call }: Pick<Deciding, 'db' | 'fence'> & { call: CallFunction }, timer: RunningTimer, scheduler: AskedScheduler, generationId: number): Promise<void> {
  const changes = await readChanges(db, timer.change_ids.map(Number))
  const asked = changes.length === 0 ? null : await planBuildset(scheduler, { changes }, { call, callPatiently: call, hasBuilder: () => true })
  const buildset = asked && { ...asked, actor: 'system:scheduler', generationId }
  await transaction(db, fence, tx => fireTimer(tx, { schedulerId: scheduler.id, key: timer.key, version: timer.version, generationId, buildset }))
}

/** Nearest first; the wait is counted by the database's clock, which all replicas share. */
async function readRunning(db: Database, schedulers: ReadonlyMap<number, AskedScheduler>): Promise<RunningTimer[]> {
  const { rows } = await db.pool.query<RunningTimer>(
    `SELECT scheduler_id, key, version, change_ids, (extract(epoch FROM due_at - now()) * 1000)::float8 AS due_in_ms
     FROM scheduler_timers WHERE important AND scheduler_id = ANY($1) ORDER BY due_at LIMIT 1000`,
    [[...schedulers.keys()]])
  return rows
}
