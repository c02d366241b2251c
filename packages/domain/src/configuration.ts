import type { WwwConfig } from './access/www-config.js'
import type { ChangeHooksConfig } from './change-hook-config.js'
import type { CancellerConfig } from './canceller-config.js'
import type { GitPollerConfig } from './change-source-config.js'
import type { Json } from './json.js'
import type { PoolConfig } from './latent/pool-config.js'
import type { FunctionRef, Renderable, SecretRef } from './renderable.js'
import type { ReporterConfig } from './reporting/reporter-config.js'
import type { SchedulerConfig } from './scheduler-config.js'

/**
 * What one generation of a configuration set says, as plain data: the checked outcome of evaluating `yard.config.ts`.
 * Functions stand in it as references into the bundle; durations are seconds; defaults are filled in.
 * This is what is stored with the generation and what every service reads.
 */
export type Configuration = {
  title: string
  titleURL: string | null
  projects: ProjectConfig[]
  workers: WorkerConfig[]
  /** Latent workers: each of `workers` that has a pool is a slot of it. */
  pools: PoolConfig[]
  builders: BuilderConfig[]
  /** Puts the builders that have something to build into the order in which they are served; null: by their oldest and most urgent request. */
  prioritizeBuilders: FunctionRef | null
  schedulers: SchedulerConfig[]
  changeSources: GitPollerConfig[]
  changeHooks: ChangeHooksConfig
  /** Who is told of builds, and how. */
  reporters: ReporterConfig[]
  /** What cancels builds by itself. */
  cancellers: CancellerConfig[]
  /** Who may come in, and do what. Of several sets, that of the one which ui-api serves counts. */
  www: WwwConfig
}

export type ProjectConfig = { name: string; slug: string; description: string | null }

export type WorkerConfig = {
  name: string
  /** null: each of its machines gets one of its own. */
  password: string | SecretRef | null
  /** Whose machines its worker runs on; null: it connects by itself. */
  pool: string | null
  /** How many builds at once; null: no limit. */
  maxBuilds: number | null
  /** Units that its builds may take together; null: no limit. */
  capacity: number | null
  labels: { [label: string]: string }
  properties: { [name: string]: Json }
  /** Below what the build brings with it. */
  defaultProperties: { [name: string]: Json }
  /** Seconds between two signs of life on an idle connection. */
  keepaliveInterval: number
  /** Seconds of absence after which the worker is told to be missing; null: never. */
  missingTimeout: number | null
  /** Whom to tell (e-mail addresses). */
  notifyOnMissing: string[]
  /** Times at which it is given no build. */
  downtime: Downtime[]
  quarantine: Quarantine | null
  /** User names, e-mail addresses, and roles as role:NAME. */
  owners: string[]
  notes: string | null
}

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'

/** From `from` to `to` (HH:MM) of the time zone, on days on which it begins; over midnight when `to` is not after `from`. */
export type Downtime = { days: Weekday[]; from: string; to: string; timeZone: string; reason: string | null }

/** After `failures` builds in a row that ended through the worker's fault it gets none for `backoff` seconds, doubled each time up to `maxBackoff`. */
export type Quarantine = { failures: number; backoff: number; maxBackoff: number }

/** How a build or step uses a lock: counting, `count` of at most `maxCount` at once; or exclusively. */
export type LockAccess = {
  name: string
  /** One for the installation, or one on each worker. */
  scope: 'cluster' | 'worker'
  maxCount: number
  /** For single workers another `maxCount`, by worker name. */
  maxCountForWorker: { [worker: string]: number }
  mode: 'counting' | 'exclusive'
  count: number
}
/** Or a function of the build that answers with a list of them. */
export type Locks = LockAccess[] | FunctionRef

export type PendingLimit = { limit: number; action: 'refuse-new' | 'drop-oldest' }
export type NoWorkerTimeout = { after: number; action: 'fail' | 'hold' }

export type BuilderConfig = {
  name: string
  /** Identity across renames; the name unless said otherwise. */
  key: string
  project: string | null
  description: string | null
  tags: string[]
  /** Folder on the worker, below its base folder. */
  builddir: string
  /** By name. */
  workers: string[]
  /** And those that have all of these labels, each with one of the values; null: by name only. */
  workerLabels: { [label: string]: string[] } | null
  /** What a build takes of its worker's capacity. */
  units: number
  env: { [name: string]: Renderable }
  properties: { [name: string]: Json }
  /** Below what the request brings with it. */
  defaultProperties: { [name: string]: Json }
  /** One build for several requests that ask for the same; or a function of the older and the newer request says whether. */
  collapseRequests: boolean | FunctionRef
  /** How many requests may wait, and which end when they are too many; null: any number. */
  maxPending: PendingLimit | null
  /** What becomes of a request when no worker that could build it is there for `after` seconds; null: it waits. */
  noWorkerTimeout: NoWorkerTimeout | null
  /** Held while a build runs. */
  locks: Locks
  /** Chooses among the waiting requests (at most 200). */
  nextBuild: FunctionRef | null
  /** Chooses among the workers that could build now. */
  nextWorker: FunctionRef | null
  /** Whether this request may be built on this worker now; may say when to ask again. */
  canStartBuild: FunctionRef | null
  steps: StepConfig[]
}

/** What every kind of step has, with Buildbot's defaults filled in. */
export type StepCommon = {
  name: string
  haltOnFailure: boolean
  flunkOnFailure: boolean
  flunkOnWarnings: boolean
  warnOnFailure: boolean
  warnOnWarnings: boolean
  alwaysRun: boolean
  doStepIf: boolean | FunctionRef
  hideStepIf: boolean | FunctionRef
  /** All taken at once before the step begins, and given back when it has ended. */
  locks: Locks
  description: Renderable
  descriptionDone: Renderable
  descriptionSuffix: Renderable
}

export type ShellOptions = {
  env: { [name: string]: Renderable }
  /** Relative to the builder's folder. */
  workdir: Renderable
  /** Seconds without output; null: no limit. */
  timeout: number | null
  /** Seconds in all; null: no limit. */
  maxTime: number | null
  logEnviron: boolean
  usePTY: boolean
}

export type ShellStep = StepCommon & ShellOptions & {
  kind: 'shell'
  command: Renderable
  /** Exit code -> result number; an unlisted code is FAILURE. */
  decodeRC: { [rc: string]: number }
  /** Log name -> file that the worker follows while the command runs. */
  logfiles: { [name: string]: Renderable }
}

export type GitStep = StepCommon & ShellOptions & {
  kind: 'git'
  repository: Renderable
  branch: Renderable
  mode: 'full' | 'incremental'
  /** What `full` does with what is there. */
  method: 'clean' | 'fresh' | 'clobber' | 'copy'
  /** Depth, or null for the whole history. */
  shallow: number | null
  submodules: boolean
  codebase: string
  alwaysUseLatest: boolean
}

export type SetPropertyStep = StepCommon & { kind: 'setProperty'; property: string; value: Renderable }

/** A command whose output becomes a property (`property`) or several (`extract`). */
export type SetPropertyFromCommandStep = StepCommon & ShellOptions & {
  kind: 'setPropertyFromCommand'
  command: Renderable
  property: string | null
  strip: boolean
  extract: FunctionRef | null
}

/** Asks triggerable schedulers for builds, and waits for them if it is to. */
export type TriggerStep = StepCommon & {
  kind: 'trigger'
  schedulerNames: Renderable[]
  waitForFinish: boolean
  /** Of the builds asked for, over what their schedulers say. */
  setProperties: { [name: string]: Renderable }
  /** They build the revision that this build has got. */
  updateSourceStamp: boolean
  /** They build what is newest, whatever this build builds. */
  alwaysUseLatest: boolean
  /** Their results do not count. */
  unimportantSchedulerNames: string[]
}

/** Uploads files of the worker as artifacts of the build. */
export type FileUploadStep = StepCommon & {
  kind: 'fileUpload'
  /** Relative to `workdir`. */
  workersrcs: Renderable[]
  /** The artifact's name, or (`several`) the folder that begins the names; null: as the file is named. */
  masterdest: Renderable
  several: boolean
  /** `workersrcs` are patterns. */
  glob: boolean
  workdir: Renderable
  /** Bytes of one file. */
  maxsize: number
  /** Seconds; null: as long as the build. */
  keep: number | null
}

/** The user's own `async ctx => …`. */
export type CustomStep = StepCommon & { kind: 'custom'; run: FunctionRef }

export type StepConfig = ShellStep | GitStep | SetPropertyStep | SetPropertyFromCommandStep | TriggerStep | FileUploadStep | CustomStep
