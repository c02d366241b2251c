import type { Json, SecretRef, Weekday } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'
import { latentWorkers, type LatentWorkerDeclaration } from './latent-workers.js'
import type { Duration, Nested } from './values.js'

export type WorkerOptions = {
  name: string
  password: string | SecretRef
  /** Builds at once; no limit unless said otherwise. */
  maxBuilds?: number | null
  /** Units that its builds may take together (`units` of their builders); no limit unless said otherwise. */
  capacity?: number | null
  /** Beside those that the worker tells itself: `os`, `arch`, and what it was started with. */
  labels?: { [label: string]: string }
  /** For all builds that run on it. */
  properties?: { [name: string]: Json }
  /** The same, where the build does not say otherwise. */
  defaultProperties?: { [name: string]: Json }
  /** Between two signs of life on an idle connection; 10 seconds unless said otherwise. */
  keepaliveInterval?: Duration
  /** How long it may be away before it is told to be missing; an hour unless said otherwise, null: never. */
  missingTimeout?: Duration | null
  /** Whom to tell then. */
  notifyOnMissing?: Nested<string>
  /** When it is given no build. */
  downtime?: Nested<DowntimeOptions>
  /** After so many builds in a row that ended through the worker's fault it is left alone for a while, each time twice as long: 3, a minute, an hour unless said otherwise; null: never. */
  quarantine?: { failures?: number; backoff?: Duration; maxBackoff?: Duration } | null
  /** Who may pause, stop and kill it where a rule `authz.workerOwner()` says so: user names, e-mail addresses, or roles as 'role:NAME'. */
  owners?: string[]
  notes?: string
}

export type DowntimeOptions = {
  /** On which it begins; every day unless said otherwise. */
  days?: Weekday[]
  /** HH:MM. */
  from: string
  /** HH:MM; of the next day when it is not after `from`. */
  to: string
  /** Such as 'Europe/Berlin'; UTC unless said otherwise. */
  timeZone?: string
  reason?: string
}

export type WorkerDeclaration = Declared<'worker', WorkerOptions> | LatentWorkerDeclaration

export const workers = {
  /** A worker that connects by itself. */
  worker: (options: WorkerOptions): WorkerDeclaration => declare('worker', options),
  ...latentWorkers,
}
