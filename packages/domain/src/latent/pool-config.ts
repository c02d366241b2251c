import type { Weekday } from '../configuration.js'
import type { Renderable } from '../renderable.js'

export type ProviderKind = 'upcloud' | 'process' | 'docker' | 'kubernetes' | 'custom'

export type ProviderConfig = {
  kind: ProviderKind
  /** Where its machines are and how one signs in: the same for all. Plain data, and secrets as references; of `custom`: its functions. */
  account: { [name: string]: Renderable }
  /** What a machine is made of, rendered for the build that it is started for. */
  machine: { [name: string]: Renderable }
}

/** From `from` to `to` (HH:MM) of these days: other numbers than the pool's own. */
export type PoolHours = { days: Weekday[]; from: string; to: string; timeZone: string; min: number | null; warm: number | null }

/**
 * Machines that are started when builds wait for them. Each has a slot, which is a worker of the configuration; a latent worker by its own name
 * is a pool of one.
 */
export type PoolConfig = {
  name: string
  /** Names of its workers, `max` many. */
  workers: string[]
  provider: ProviderConfig
  /** Machines that are always there. */
  min: number
  max: number
  /** Machines without a build that are kept above those that build, as far as `max` lets. */
  warm: number
  /** For some hours of the week. */
  schedule: PoolHours[]
  /** Seconds that a machine may wait for its next build. 0: one build a machine. null: for ever. */
  buildWaitTimeout: number | null
  /** Seconds from the start until the worker has to be connected. */
  missingTimeout: number
  /** Seconds between two looks at a machine whose worker is not connected yet. */
  checkInstanceInterval: number
  /** Builds, then it is replaced; null: no limit. */
  maxUses: number | null
  /** Seconds, then it gets no further build; null: no limit. */
  maxAge: number | null
  /** Where machines reach engines; null: as the engines that live say (YARD_WORKER_URL). */
  engineUrl: string | null
  /** In order of preference; [] : as the machine's options say. */
  zones: string[]
  plans: string[]
  /** What its machines may cost in a day; null: no cap. */
  dailyCap: DailyCap | null
  /** What is paid for by the hour is kept until the hour is nearly over. */
  scaleIn: 'idle' | 'billing-period'
}

export type DailyCap = {
  /** In the account's currency. */
  amount: number
  /** Whose days. */
  timeZone: string
  /** What happens to builds on machines whose next paid period is not within it: they are retried elsewhere or tomorrow, or let finish, over the cap. */
  running: 'retry' | 'finish'
}

/** What a pool is when only its name and provider are said. Buildbot's defaults, but for `missingTimeout` (an hour there, which a machine that died in boot costs). */
export const poolDefaults: Omit<PoolConfig, 'name' | 'workers' | 'provider'> = {
  min: 0, max: 1, warm: 0, schedule: [], buildWaitTimeout: 600, missingTimeout: 1200, checkInstanceInterval: 10, maxUses: null, maxAge: null, engineUrl: null,
  zones: [], plans: [], dailyCap: null, scaleIn: 'idle',
}
