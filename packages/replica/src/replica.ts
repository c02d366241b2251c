import type { Bus, Queues } from '@yardmaster/bus'
import type { Database, Fence } from '@yardmaster/db'
import type { EngineLimits } from '@yardmaster/domain'
import type { Clock, HealthCheck, Lifecycle, Logger, Loop, Random, Registry, Secrets, Settings } from '@yardmaster/runtime'
import type { Generations } from './generations.js'

export type Role = 'scheduler' | 'engine' | 'ui-api' | 'latent-worker-provisioner'

/** One life of one process of a role: its row, its connections, and what every role does besides its own work. */
export type Replica = {
  id: number
  role: Role
  /** What an engine serves only; null: everything. */
  limits: EngineLimits | null
  /** Id of the installation: prefixes whatever leaves it. */
  installation: string
  /** For the transactions of a replica that holds something. */
  fence: Fence
  settings: Settings
  logger: Logger
  clock: Clock
  random: Random
  registry: Registry
  db: Database
  bus: Bus
  secrets: Secrets
  generations: Generations
  lease: {
    /** It could not be renewed for so long that peers may have buried us: nothing new may be begun. */
    cutOff(): boolean
    /** For how long it has been renewed without a gap. */
    steadyMs(): number
  }
  /** Job queues, connected when first asked for. */
  queues(): Promise<Queues>
  /** Background work that ends with the process: notified or ticked at least every `everyMs` (at most 5000). */
  loop(loop: { name: string; everyMs: number; run: (signal: AbortSignal) => Promise<void | { again: boolean }> }): Loop
  /** Whether this replica is, for now, the one that does the work `name`. */
  duty(name: string): Promise<boolean>
  onStop(name: string, stop: () => unknown, options?: { deadlineMs?: number | null }): void
  addReadinessCheck(name: string, check: HealthCheck): void
  lifecycle: Lifecycle
}
