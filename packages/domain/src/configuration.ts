import type { Json } from './json.js'
import type { FunctionRef, Renderable, SecretRef } from './renderable.js'

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
  builders: BuilderConfig[]
  schedulers: SchedulerConfig[]
  changeSources: GitPollerConfig[]
  changeHooks: ChangeHooksConfig
}

export type ProjectConfig = { name: string; slug: string; description: string | null }

export type WorkerConfig = {
  name: string
  password: string | SecretRef
  /** How many builds at once; null: no limit. */
  maxBuilds: number | null
  labels: { [label: string]: string }
  properties: { [name: string]: Json }
}

export type BuilderConfig = {
  name: string
  /** Identity across renames; the name unless said otherwise. */
  key: string
  project: string | null
  description: string | null
  tags: string[]
  /** Folder on the worker, below its base folder. */
  builddir: string
  workers: string[]
  env: { [name: string]: Renderable }
  properties: { [name: string]: Json }
  collapseRequests: boolean
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

/** The user's own `async ctx => …`. */
export type CustomStep = StepCommon & { kind: 'custom'; run: FunctionRef }

export type StepConfig = ShellStep | GitStep | SetPropertyStep | SetPropertyFromCommandStep | CustomStep

/** A condition on one field of a change: equal to one of, matching, or a function's answer. */
export type FieldFilter = { eq?: (string | null)[]; notEq?: (string | null)[]; regex?: { source: string; flags: string }[]; notRegex?: { source: string; flags: string }[]; fn?: FunctionRef }
export type ChangeFilterConfig = {
  fields: { [field in 'project' | 'codebase' | 'repository' | 'category' | 'branch']?: FieldFilter }
  properties: { [name: string]: FieldFilter }
  fn: FunctionRef | null
}

type SchedulerCommon = {
  name: string
  builders: string[]
  properties: { [name: string]: Json }
  priority: number
  reason: string
}

/** singleBranch and anyBranch: a change, once the tree is stable, becomes a buildset. */
export type BasicScheduler = SchedulerCommon & {
  kind: 'singleBranch' | 'anyBranch'
  /** Seconds; null: at once, a buildset per change. */
  treeStableTimer: number | null
  changeFilter: ChangeFilterConfig
  fileIsImportant: FunctionRef | null
  onlyImportant: boolean
  codebases: { [codebase: string]: { repository: string; branch: string | null } }
}

export type ForceParameter = {
  name: string
  fullName: string
  type: 'text' | 'bool' | 'int' | 'choices' | 'nested' | 'fixed' | 'username'
  label: string
  default: Json
  required: boolean
  multiline: boolean
  hide: boolean
  regex: string | null
  maxsize: number | null
  choices: string[]
  strict: boolean
  multiple: boolean
  /** What a `nested` parameter groups; [] for all others. */
  fields: ForceParameter[]
}

export type ForceScheduler = SchedulerCommon & {
  kind: 'force'
  label: string
  buttonName: string
  codebases: { [codebase: string]: { repository: string; branch: string | null } }
  parameters: ForceParameter[]
}

export type SchedulerConfig = BasicScheduler | ForceScheduler

export type GitPollerConfig = {
  kind: 'gitPoller'
  name: string
  repository: string
  /** Branch names, or `true` for all. */
  branches: string[] | true
  /** Seconds. */
  pollInterval: number
  pollAtLaunch: boolean
  project: string
  codebase: string
  category: string | null
}

export type ChangeHooksConfig = {
  base: { secret: string | SecretRef | null } | null
  github: { secret: string | SecretRef | null; strict: boolean; codebase: string } | null
}
