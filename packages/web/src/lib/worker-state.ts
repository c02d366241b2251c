import type { YardWorker } from '@yardmaster/rest'
import { dateTime } from './format.js'

export type WorkerState = {
  /** Names its colour. */
  kind: 'idle' | 'building' | 'paused' | 'shutting-down' | 'quarantine' | 'downtime' | 'missing' | 'not-connected' | 'machine-coming' | 'machine-going'
  text: string
  /** What there is to say beside it, or nothing. */
  why: string
}

/** What keeps it from building comes before what it does. Epoch seconds. */
export function workerState(worker: YardWorker, now: number): WorkerState {
  const { connected, pool, missing, awaySince, killed, graceful, paused, quarantine, downtime, builds } = worker
  const gone = awaySince === null ? 'never came' : `away since ${clock(awaySince, now)}`
  if (!connected && pool !== null) return withoutMachine(worker, now)
  if (!connected) return missing ? { kind: 'missing', text: 'missing', why: gone } : { kind: 'not-connected', text: 'not connected', why: gone }
  if (graceful) return { kind: 'shutting-down', text: killed ? 'killed' : 'shutting down', why: builds > 0 ? 'once it is idle' : '' }
  if (paused) return { kind: 'paused', text: 'paused', why: paused.reason ?? '' }
  if (quarantine) return { kind: 'quarantine', text: 'quarantine', why: `until ${clock(quarantine.until, now)}: ${quarantine.reason}` }
  if (downtime) return { kind: 'downtime', text: 'downtime', why: `until ${clock(downtime.until, now)}${downtime.reason ? `: ${downtime.reason}` : ''}` }
  return builds > 0 ? { kind: 'building', text: 'building', why: '' } : { kind: 'idle', text: 'idle', why: '' }
}

/** A latent worker is away unless builds wait for it. */
function withoutMachine({ machine, unavailable, paused, quarantine }: YardWorker, now: number): WorkerState {
  if (paused) return { kind: 'paused', text: 'paused', why: paused.reason ?? '' }
  if (quarantine) return { kind: 'quarantine', text: 'quarantine', why: `until ${clock(quarantine.until, now)}: ${quarantine.reason}` }
  if (machine === null || machine === 'gone') return { kind: 'not-connected', text: 'no machine', why: 'one is started when a build waits for it' }
  const why = (unavailable ?? '').replace(/^has a machine that is starting/, 'its machine has been starting').replace(/^has a machine that /, 'its machine ')
  return machine === 'removing' ? { kind: 'machine-going', text: 'removing', why } : { kind: 'machine-coming', text: machine === 'ready' ? 'connecting' : machine, why }
}

/** Whether it has nothing to tell: a latent worker that nobody needs now. */
export function isDormant({ pool, machine, connected, paused, quarantine }: YardWorker): boolean {
  return pool !== null && !connected && (machine === null || machine === 'gone') && !paused && !quarantine
}

/** The time of today, of another day with its date. */
function clock(at: number, now: number): string {
  const text = dateTime(at)
  return text.slice(0, 10) === dateTime(now).slice(0, 10) ? text.slice(11, 16) : text.slice(0, 16)
}
