import type { Downtime } from './configuration.js'
import type { InstanceState } from './latent/instance-states.js'
import { downtimeAt, untilText } from './downtime.js'

export type WorkerFacts = {
  connected: boolean
  paused: boolean
  pauseReason: string | null
  /** Told to shut down once idle. */
  graceful: boolean
  /** What an earlier process left running on it is still being ended. */
  orphans: boolean
  /** Epoch ms on the clock of `now`; null: it is not in quarantine. */
  quarantinedUntil: number | null
  downtime: readonly Downtime[]
  /** Of a latent worker. */
  machine?: MachineFacts | undefined
}

/** `state` null: it has none. `age`: seconds since it was wanted. `spent`: why it gets no further build. */
export type MachineFacts = { state: InstanceState | null; age: number; spent: string | null }

export type Unavailable = {
  /** As the end of a sentence that begins with the worker's name. */
  why: string
  /** Epoch ms at which it ends by itself; null: it does not. */
  until: number | null
}

/** Why a worker is given no builds at `now` (epoch ms), whatever it is busy with; null: it is available. What runs on it goes on. */
export function unavailability(worker: WorkerFacts, now: number): Unavailable | null {
  const { connected, paused, pauseReason, graceful, orphans, quarantinedUntil, downtime, machine } = worker
  if (machine && (!connected || machine.state !== 'ready')) return { why: awaitedMachine(machine), until: null }
  if (!connected) return { why: 'is not connected', until: null }
  if (machine && machine.spent !== null) return { why: `has a machine that gets no further build (${machine.spent})`, until: null }
  if (graceful) return { why: 'is to shut down', until: null }
  if (paused) return { why: pauseReason ? `is paused (${pauseReason})` : 'is paused', until: null }
  const down = downtimeAt(downtime, now)
  if (down) return { why: `is in downtime ${untilText(down, now)}${down.reason ? `: ${down.reason}` : ''}`, until: down.until }
  if (quarantinedUntil !== null && quarantinedUntil > now) {
    return { why: `is in quarantine ${untilText({ until: quarantinedUntil, timeZone: 'UTC', reason: null }, now)}`, until: quarantinedUntil }
  }
  return orphans ? { why: 'is still ending what ran on it before', until: null } : null
}

function awaitedMachine({ state, age }: MachineFacts): string {
  if (state === null) return 'has no machine'
  if (state === 'removing' || state === 'gone') return 'has a machine that is being removed'
  return state === 'ready' ? 'has a machine, but is not connected' : `has a machine that is starting for ${roughly(age)}`
}

/** For texts that are written again when they change. */
export function roughly(seconds: number): string {
  return seconds < 120 ? `${Math.max(10, Math.floor(seconds / 10) * 10)} s` : `${Math.floor(seconds / 60)} min`
}
