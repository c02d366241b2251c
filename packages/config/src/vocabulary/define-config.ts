import type { ChangeData, Json, LockRef, SecretRef, SourceStampData, Weekday } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'
import type { ForceParameterDeclaration } from './force-parameters.js'
import { latentWorkers, type LatentWorkerDeclaration } from './latent-workers.js'
import type { Step } from './steps.js'
import type { ChangeFilter } from './util.js'
import type { Duration, Env, Nested, RenderInput } from './values.js'

export type ProjectOptions = {
  name: string
  /** In links; made of the name unless said otherwise. */
  slug?: string
  description?: string
}

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

/** How a builder or a step uses a lock: `lock.access('counting')`. Or a function of the build that answers with such a list. */
export type LockUse = Nested<LockRef> | ((input: RenderInput) => LockRef[] | Promise<LockRef[]>)

/** A request as the functions that choose see it. */
export type RequestView = { id: number; builder: string; buildset: number; priority: number; /** Epoch seconds. */ submittedAt: number; waitedFor: boolean; reason: string; properties: { [name: string]: Json }; sourcestamps: { [codebase: string]: SourceStampData } }
/** A worker as the functions that choose see it. */
export type WorkerChoice = { name: string; labels: { [label: string]: string }; maxBuilds: number | null; building: { builder: string; request: number }[] }
/** A builder as `prioritizeBuilders` sees it. */
export type BuilderChoice = { name: string; tags: string[]; pending: number; highestPriority: number; /** Epoch seconds. */ oldestSubmittedAt: number }
/** false: not on this worker now. With `notBefore` (epoch seconds): not before then at all, and `reason` is shown. */
export type CanStart = boolean | { notBefore: number; reason: string }

export type BuilderOptions = {
  name: string
  /** Identity across renames: keep it when the name changes, and the history stays. The name unless said otherwise. */
  key?: string
  /** Name of one of the projects. */
  project?: string
  description?: string
  tags?: string[]
  /** Names of the workers that may run it. */
  workers?: Nested<string>
  /** And all workers that have each of these labels: `{ os: 'linux', gpu: ['a100', 'h100'] }`. */
  workerLabels?: { [label: string]: string | string[] }
  /** What a build takes of its worker's `capacity`; 1 unless said otherwise. */
  units?: number
  env?: Env
  properties?: { [name: string]: Json }
  /** The same, where the request does not say otherwise. */
  defaultProperties?: { [name: string]: Json }
  /** Held while a build runs; a request waits until all are free. */
  locks?: LockUse
  /** Which of the waiting requests (at most 200, the most urgent first) comes next; null: none now. */
  nextBuild?: (requests: RequestView[]) => RequestView | number | null | Promise<RequestView | number | null>
  /** Which of the workers that could build the request takes it; null: none now. */
  nextWorker?: (workers: WorkerChoice[], request: RequestView) => WorkerChoice | string | null | Promise<WorkerChoice | string | null>
  /** Whether the request may be built on the worker now. */
  canStartBuild?: (worker: WorkerChoice, request: RequestView) => CanStart | Promise<CanStart>
  /** Folder on the worker; made of the name unless said otherwise. */
  builddir?: string
  /** One build for several waiting requests that ask for the same (true unless said otherwise). */
  collapseRequests?: boolean
  steps: Nested<Step>
}

type SchedulerOptions = {
  name: string
  /** Names of the builders to build. */
  builders: Nested<string>
  properties?: { [name: string]: Json }
  /** Higher first. */
  priority?: number
}
type Codebases = { [codebase: string]: { repository: string; branch?: string | null } }

export type BasicSchedulerOptions = SchedulerOptions & {
  /** How long it must be quiet before a build; null: each change at once. */
  treeStableTimer?: Duration | null
  changeFilter?: ChangeFilter
  /** A change is important unless this says no; unimportant ones start no build, but come along with the next. */
  fileIsImportant?: (change: ChangeData) => boolean | Promise<boolean>
  /** Forget unimportant changes. */
  onlyImportant?: boolean
  codebases?: Codebases
  reason?: string
}
export type SingleBranchOptions = BasicSchedulerOptions & {
  /** null: changes without a branch. Needed unless there is a changeFilter. */
  branch?: string | null
}
export type AnyBranchOptions = BasicSchedulerOptions & { branches?: (string | null)[] }
export type ForceOptions = SchedulerOptions & {
  label?: string
  buttonName?: string
  codebases?: Codebases
  /** Fields of the form that become properties. */
  parameters?: ForceParameterDeclaration[]
  /** With %(owner)s and %(reason)s in it. */
  reasonString?: string
}

export type TriggerableOptions = SchedulerOptions & {
  /** What is built of each, where whoever triggers does not say; others that he says are not built. */
  codebases?: Codebases
  reason?: string
}

export type GitPollerOptions = {
  /** The repository unless said otherwise. */
  name?: string
  /** URL or path. */
  repository: string
  /** Names, or true for all. */
  branches: string[] | true
  /** 10 minutes unless said otherwise. */
  pollInterval?: Duration
  /** Poll when started (true unless said otherwise), not first after pollInterval. */
  pollAtLaunch?: boolean
  project?: string
  codebase?: string
  category?: string | null
}

export type WorkerDeclaration = Declared<'worker', WorkerOptions> | LatentWorkerDeclaration
export type SchedulerDeclaration = Declared<'singleBranch', SingleBranchOptions> | Declared<'anyBranch', AnyBranchOptions> | Declared<'force', ForceOptions> | Declared<'triggerable', TriggerableOptions>
export type ChangeSourceDeclaration = Declared<'gitPoller', GitPollerOptions>
export type ChangeHookDeclaration =
  | Declared<'hook.base', { secret?: string | SecretRef }>
  | Declared<'hook.github', { secret?: string | SecretRef; strict?: boolean; codebase?: string }>

export type ConfigOptions = {
  title?: string
  titleURL?: string
  projects?: Nested<ProjectOptions>
  workers: Nested<WorkerDeclaration>
  builders: Nested<BuilderOptions>
  /** The builders that have something to build, in the order in which they are to be served: answers with their names or with what it was given. */
  prioritizeBuilders?: (builders: BuilderChoice[]) => (BuilderChoice | string)[] | Promise<(BuilderChoice | string)[]>
  schedulers?: Nested<SchedulerDeclaration>
  changeSources?: Nested<ChangeSourceDeclaration>
  changeHooks?: Nested<ChangeHookDeclaration>
}
export type ConfigDeclaration = Declared<'config', ConfigOptions>

/** The whole configuration: `export default defineConfig({ … })`. */
export const defineConfig = (options: ConfigOptions): ConfigDeclaration => declare('config', options)

export const workers = {
  /** A worker that connects by itself. */
  worker: (options: WorkerOptions): WorkerDeclaration => declare('worker', options),
  ...latentWorkers,
}

export const schedulers = {
  /** Builds the changes of one branch, once the tree is stable. */
  singleBranch: (options: SingleBranchOptions): SchedulerDeclaration => declare('singleBranch', options),
  /** Builds the changes of any branch, each branch by itself. */
  anyBranch: (options: AnyBranchOptions): SchedulerDeclaration => declare('anyBranch', options),
  /** Lets people start a build, with a form. */
  force: (options: ForceOptions): SchedulerDeclaration => declare('force', options),
  /** Builds when a step of another build triggers it: steps.trigger, ctx.trigger. */
  triggerable: (options: TriggerableOptions): SchedulerDeclaration => declare('triggerable', options),
}

export const changeSources = {
  /** Looks into a git repository from time to time. */
  gitPoller: (options: GitPollerOptions): ChangeSourceDeclaration => declare('gitPoller', options),
}

export const changeHooks = {
  /** POST /change_hook/base */
  base: (options: { secret?: string | SecretRef } = {}): ChangeHookDeclaration => declare('hook.base', options),
  /** POST /change_hook/github; strict: refuse what is not signed with the secret (true where there is a secret). */
  github: (options: { secret?: string | SecretRef; strict?: boolean; codebase?: string } = {}): ChangeHookDeclaration => declare('hook.github', options),
}
