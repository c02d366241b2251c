import { join } from 'node:path'
import { startReplica, type Replica } from '@yardmaster/replica'
import { systemClock, systemRandom, type Loop } from '@yardmaster/runtime'
import type { ActiveGeneration } from './active-generation.js'
import { createGit } from './do/run-git.js'
import { dispatchChanges } from './loops/dispatch-changes.js'
import { fireTimers } from './loops/fire-timers.js'
import { schedulePolls, type PollJob } from './loops/schedule-polls.js'
import { pollDue } from './on/poll-due.js'

const SWEEP_MS = 5_000
const TAKE_OVER_MS = 1_000
const POLLS_AT_ONCE = 8

function activeGeneration({ generations }: Replica): ActiveGeneration | null {
  const active = generations.active()
  return active && { id: active.id, configuration: active.configuration, call: (fn, args) => active.threads.call(fn, { args }) }
}

/** Each set has its own; that of `main` has the plain name. */
const ofSet = (name: string, { set }: Replica['settings']) => (set === 'main' ? name : `${name}.${set}`)

/** Who does not hold it looks again soon: the wait for a dead holder's burial is long enough. */
async function holdsDispatch({ duty, clock, settings }: Replica, loop: Loop): Promise<boolean> {
  const held = await duty(ofSet('dispatch', settings))
  if (!held) loop.setAlarm(clock.now() + TAKE_OVER_MS)
  return held
}

function startDeciding(replica: Replica): void {
  const { db, fence, logger, clock, bus, generations } = replica
  const deciding = (loop: () => Loop) => ({ db, fence, logger, active: () => activeGeneration(replica), holdsDuty: () => holdsDispatch(replica, loop()) })
  const dispatch = replica.loop({ name: 'dispatch changes', everyMs: SWEEP_MS, run: dispatchChanges(deciding(() => dispatch)) })
  const timers = replica.loop({
    name: 'fire timers', everyMs: SWEEP_MS, run: fireTimers({ ...deciding(() => timers), clock, setAlarm: epochMs => timers.setAlarm(epochMs) }),
  })
  bus.onWake('changes', () => dispatch.notify())
  bus.onWake('timers', () => timers.notify())
  generations.onChange(() => { dispatch.notify(); timers.notify() })
}

async function startPolling(replica: Replica): Promise<void> {
  const { db, fence, logger, clock, settings, generations } = replica
  const active = () => activeGeneration(replica)
  const queues = await replica.queues()
  const stopping = new AbortController()
  const git = createGit({ env: process.env, clock })
  const poll = pollDue({ db, fence, git, clock, logger, folder: join(settings.home, 'pollers'), active, stopping: stopping.signal })
  const worker = await queues.work<PollJob>(ofSet('polls', settings), poll, { concurrency: POLLS_AT_ONCE })
  replica.onStop('polls', () => { stopping.abort(); return worker.close() })
  const schedule = replica.loop({ name: 'schedule polls', everyMs: SWEEP_MS, run: schedulePolls({ queue: queues.queue<PollJob>(ofSet('polls', settings)), active }) })
  generations.onChange(() => schedule.notify())
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
  },
})
