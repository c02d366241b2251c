import { join } from 'node:path'
import { startReplica, type Replica } from '@yardmaster/replica'
import { systemClock, systemRandom, type Loop } from '@yardmaster/runtime'
import type { ActiveGeneration } from './active-generation.js'
import { dispatchChanges, type Deciding } from './loops/dispatch-changes.js'
import { endWorkerlessRequests } from './loops/end-workerless.js'
import { offerPolls, type PollJob } from './loops/offer-polls.js'
import { ripenTimers } from './loops/ripen-timers.js'
import { runCancellers } from './loops/run-cancellers.js'
import { tickClocks } from './loops/tick-clocks.js'
import { workTasks } from './loops/work-tasks.js'
import { pollDue } from './on/poll-due.js'
import { removeLeftAccess } from './polls/git-access.js'
import { createGit } from './polls/run-git.js'
import { startDeliveries } from './start-deliveries.js'
import { startReporting } from './reports/start-reporting.js'
import { startSweeping } from './start-sweeping.js'
import { holdsSetDuty, ofSet } from './set-duty.js'

const SWEEP_MS = 5_000
const POLLS_AT_ONCE = 8

function activeGeneration({ generations }: Replica): ActiveGeneration | null {
  const active = generations.active()
  return active && {
    id: active.id, configuration: active.configuration, call: (fn, args) => active.threads.call(fn, { args }),
    callPatiently: (fn, args, signal) => active.threads.callPatiently(fn, { args }, signal),
  }
}

function startDeciding(replica: Replica): void {
  const { db, fence, logger, clock, bus, generations } = replica
  const deciding = (loop: () => Loop) => ({ db, fence, logger, active: () => activeGeneration(replica), holdsDuty: () => holdsSetDuty(replica, 'dispatch', loop()) })
  const dispatch = replica.loop({ name: 'dispatch changes', everyMs: SWEEP_MS, run: dispatchChanges(deciding(() => dispatch)) })
  const withAlarm = (loop: () => Loop) => ({ ...deciding(loop), clock, setAlarm: (epochMs: number | null) => loop().setAlarm(epochMs) })
  const timers = replica.loop({ name: 'ripen timers', everyMs: SWEEP_MS, run: ripenTimers(withAlarm(() => timers)) })
  const clocks = replica.loop({ name: 'tick clocks', everyMs: SWEEP_MS, run: tickClocks(withAlarm(() => clocks)) })
  const worker = workTasks({ ...withAlarm(() => tasks), notify: () => tasks.notify() })
  replica.onStop('tasks', () => worker.stop())
  const tasks = replica.loop({ name: 'work tasks', everyMs: SWEEP_MS, run: worker.run })
  startQueue(replica, deciding)
  bus.onWake('changes', () => dispatch.notify())
  bus.onWake('timers', () => { timers.notify(); clocks.notify() })
  bus.onWake('tasks', () => tasks.notify())
  generations.onChange(() => { for (const loop of [dispatch, timers, clocks, tasks]) loop.notify() })
}

/** What ends waiting requests by itself. */
function startQueue(replica: Replica, deciding: (loop: () => Loop) => Deciding): void {
  const { settings: { set }, bus } = replica
  const cancellers = replica.loop({ name: 'cancellers', everyMs: SWEEP_MS, run: runCancellers({ ...deciding(() => cancellers), set }) })
  const workerless = replica.loop({ name: 'workerless requests', everyMs: SWEEP_MS, run: endWorkerlessRequests({ ...deciding(() => workerless), set }) })
  bus.onWake('cancellations', () => cancellers.notify())
}

async function startPolling(replica: Replica): Promise<void> {
  const { db, fence, logger, clock, random, settings, secrets, bus, generations } = replica
  const folder = join(settings.home, 'pollers')
  await removeLeftAccess({ folder, isAlive })
  const queues = await replica.queues()
  const queue = queues.queue<PollJob>(ofSet('polls', settings))
  // An earlier version left the times to the queue; now they are rows.
  for (const { id } of await queue.schedules()) await queue.unschedule(id)
  const stopping = new AbortController()
  const underWay = new Set<number>()
  const poll = pollDue({
    db, fence, secrets, clock, random, logger, folder, underWay, pid: process.pid, git: createGit({ env: process.env, clock }),
    active: () => generations.active(), generationOf: id => generations.get(id), stopping: stopping.signal,
    onEnd: () => offer.notify(),
  })
  const worker = await queues.work<PollJob>(ofSet('polls', settings), poll, { concurrency: POLLS_AT_ONCE })
  replica.onStop('polls', () => { stopping.abort(); return worker.close() })
  const offer = replica.loop({
    name: 'offer polls', everyMs: SWEEP_MS, run: offerPolls({ db, queue, clock, set: settings.set, replicaId: replica.id, underWay, setAlarm: epochMs => offer.setAlarm(epochMs) }),
  })
  bus.onWake('polls', () => offer.notify())
  generations.onChange(() => offer.notify())
}

/** A process of this machine. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

startReplica({
  role: 'scheduler',
  version: '0.1.0',
  env: process.env,
  clock: systemClock(),
  random: systemRandom(),
  bringsConfiguration: true,
  async start(replica) {
    startDeciding(replica)
    await startPolling(replica)
    await startDeliveries(replica)
    await startReporting(replica)
    startSweeping(replica)
  },
})
