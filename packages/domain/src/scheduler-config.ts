import type { ForceScheduler } from './force-config.js'
import type { Json } from './json.js'
import type { FunctionRef } from './renderable.js'

/** A condition on one field of a change: equal to one of, matching, or a function's answer. */
export type FieldFilter = { eq?: (string | null)[]; notEq?: (string | null)[]; regex?: { source: string; flags: string }[]; notRegex?: { source: string; flags: string }[]; fn?: FunctionRef }
export type ChangeFilterConfig = {
  fields: { [field in 'project' | 'codebase' | 'repository' | 'category' | 'branch']?: FieldFilter }
  properties: { [name: string]: FieldFilter }
  fn: FunctionRef | null
}

export type Codebases = { [codebase: string]: { repository: string; branch: string | null } }

/** What all of them have. */
export type SchedulerCommon = {
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
  codebases: Codebases
}

/** Builds when a step of another build asks for it. */
export type TriggerableScheduler = SchedulerCommon & {
  kind: 'triggerable'
  codebases: Codebases
}

export type SchedulerConfig = BasicScheduler | ForceScheduler | TriggerableScheduler
