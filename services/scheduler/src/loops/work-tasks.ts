import { transaction, type Database } from '@yardmaster/db'
import { postponeTask } from '@yardmaster/db/verbs/postpone-task'
import { workTask } from '@yardmaster/db/verbs/work-task'
import { enabledSchedulers, type ActiveGeneration, type AskedScheduler } from '../active-generation.js'
import { planTask, type Task } from '../do/plan-task.js'
import { helpsToWait } from '../do/helps-to-wait.js'
import type { WithAlarm } from './ripen-timers.js'

/** So often a task that fails holds up those of its scheduler behind it; from then on they go on without it. */
const PATIENT_ATTEMPTS = 5
const FIRST_PAUSE_S = 2
/** From then on. */
const LATE_PAUSE_S = 300
const AT_ONCE = 50

type DueTask = Task & { scheduler_id: number; due_in_ms: number }
export type WorkingTasks = WithAlarm & { /** There may be more to do. */ notify(): void }
export type TaskWorker = { run: (signal: AbortSignal) => Promise<void>; /** Resolves when nothing is under way. */ settled(): Promise<void>; /** Gives up the functions under way. */ stop(): Promise<void> }

/**
 * What schedulers are to make buildsets of is worked, each scheduler's in its order, all schedulers beside each other: a function that hangs holds up
 * its own scheduler alone. A task that fails is tried again after 2, 4, 8 and 16 s, then every 5 minutes, for ever, without holding up the others.
 */
export function workTasks(working: WorkingTasks): TaskWorker {
  const { db, logger, active, holdsDuty, clock, setAlarm, notify } = working
  const busy = new Map<number, { generationId: number; giveUp: AbortController; ended: Promise<void> }>()
  let fatal: { error: unknown } | null = null

  const start = (scheduler: AskedScheduler, tasks: DueTask[], generation: ActiveGeneration) => {
    const giveUp = new AbortController()
    const ended = workAll(working, { scheduler, tasks, generation, signal: giveUp.signal }).then(worked => { if (worked) notify() }, (error: unknown) => {
      fatal = { error }
      notify()
    }).finally(() => busy.delete(scheduler.id))
    busy.set(scheduler.id, { generationId: generation.id, giveUp, ended })
  }

  const settled = async () => { await Promise.all([...busy.values()].map(({ ended }) => ended)) }

  return {
    async run() {
      const failed = fatal
      fatal = null
      if (failed) throw failed.error
      const generation = active()
      if (generation === null || !await holdsDuty()) return
      for (const { generationId, giveUp } of busy.values()) if (generationId !== generation.id) giveUp.abort(new Error('another configuration became active'))
      const schedulers = (await enabledSchedulers(db, generation.configuration)).filter(scheduler => !busy.has(scheduler.id))
      const tasks = await readTasks(db, schedulers.map(scheduler => scheduler.id))
      let next: number | null = null
      for (const scheduler of schedulers) {
        const own = tasks.filter(task => task.scheduler_id === scheduler.id)
        const due = workable(own)
        if (due.length > 0) start(scheduler, due, generation)
        for (const task of own) if (task.due_in_ms > 0) next = Math.min(next ?? Infinity, task.due_in_ms)
      }
      setAlarm(next === null ? null : clock.now() + next)
      if (busy.size > 0) logger.debug({ schedulers: busy.size }, 'schedulers make buildsets')
    },
    async stop() {
      for (const { giveUp } of busy.values()) giveUp.abort(new Error('this service stops'))
      await settled()
    },
    settled,
  }
}

/** In order up to the first that waits; and of those that have failed too often, whatever is due. */
function workable(tasks: DueTask[]): DueTask[] {
  const inOrder = tasks.filter(task => task.attempts < PATIENT_ATTEMPTS)
  const waiting = inOrder.findIndex(task => task.due_in_ms > 0)
  const late = tasks.filter(task => task.attempts >= PATIENT_ATTEMPTS && task.due_in_ms <= 0)
  return [...inOrder.slice(0, waiting === -1 ? undefined : waiting), ...late]
}

type Chain = { scheduler: AskedScheduler; tasks: DueTask[]; generation: ActiveGeneration; signal: AbortSignal }

/** True: something has been worked, so there may be more. */
async function workAll(working: WorkingTasks, chain: Chain): Promise<boolean> {
  let worked = false
  for (const task of chain.tasks) {
    const outcome = chain.signal.aborted ? 'superseded' : await workOne(working, task, chain)
    // Whoever learns of the other generation looks again; here, at once, only if that is known already.
    if (outcome === 'superseded') return working.active()?.id !== chain.generation.id
    if (outcome === 'postponed' && task.attempts < PATIENT_ATTEMPTS) return true
    worked = true
  }
  return worked
}

async function workOne({ db, fence, logger }: WorkingTasks, task: DueTask, { scheduler, generation, signal }: Chain): Promise<'done' | 'lost' | 'changed' | 'superseded' | 'postponed'> {
  const { configuration, call, callPatiently } = generation
  const builders = new Set(configuration.builders.map(builder => builder.name))
  try {
    const calls = { call, callPatiently: (...[fn, args]: Parameters<typeof call>) => callPatiently(fn, args, signal), hasBuilder: (name: string) => builders.has(name) }
    const planned = await planTask(task, scheduler, { db, generationId: generation.id, calls })
    const outcome = await transaction(db, fence, tx => workTask(tx, { ...planned, taskId: task.id, schedulerId: scheduler.id, generationId: generation.id, isTick: task.cause === 'tick' }))
    if (outcome === 'done') logger.info({ scheduler: scheduler.name, cause: task.cause, built: planned.buildset !== null, silence: planned.silence }, 'scheduler worked')
    return outcome
  } catch (error) {
    if (helpsToWait(error)) throw error
    if (signal.aborted) return 'superseded'
    const seconds = task.attempts + 1 >= PATIENT_ATTEMPTS ? LATE_PAUSE_S : FIRST_PAUSE_S * 2 ** task.attempts
    logger.error({ err: error, scheduler: scheduler.name, cause: task.cause, changes: task.change_ids, attempt: task.attempts + 1, againInSeconds: seconds }, 'a scheduler could not make its buildset; it is tried again')
    const failure = error instanceof Error ? error.message : String(error)
    await transaction(db, fence, tx => postponeTask(tx, { taskId: task.id, schedulerId: scheduler.id, attempts: task.attempts, failure, seconds }))
    return 'postponed'
  }
}

async function readTasks(db: Database, schedulerIds: number[]): Promise<DueTask[]> {
  const { rows } = await db.pool.query<DueTask & { change_ids: string[] }>(
    `SELECT t.id, t.scheduler_id, t.cause, t.change_ids, t.forced, t.buildset_id, t.attempts, (extract(epoch FROM t.due_at - now()) * 1000)::float8 AS due_in_ms
     FROM unnest($1::bigint[]) AS s(id) CROSS JOIN LATERAL (SELECT * FROM scheduler_tasks t WHERE t.scheduler_id = s.id ORDER BY t.attempts >= ${PATIENT_ATTEMPTS}, t.id LIMIT ${AT_ONCE}) t
     ORDER BY t.id`, [schedulerIds])
  return rows.map(row => ({ ...row, change_ids: row.change_ids.map(Number) }))
}
