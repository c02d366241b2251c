import type { ForceScheduler } from './force-config.js'
import type { Json } from './json.js'
import type { FunctionRef, Renderable, SecretRef } from './renderable.js'

/** A condition on one field of a change: equal to one of, matching, or a function's answer. */
export type FieldFilter = { eq?: (string | null)[]; notEq?: (string | null)[]; regex?: { source: string; flags: string }[]; notRegex?: { source: string; flags: string }[]; fn?: FunctionRef }
export type ChangeFilterConfig = {
  fields: { [field in 'project' | 'codebase' | 'repository' | 'category' | 'branch']?: FieldFilter }
  properties: { [name: string]: FieldFilter }
  fn: FunctionRef | null
}

export type Codebases = { [codebase: string]: { repository: string; branch: string | null; revision?: string | null } }

/** What a force scheduler has. */
export type SchedulerCommon = {
  name: string
  builders: string[]
  properties: { [name: string]: Json }
  priority: number
  reason: string
}

/** What asks for buildsets by itself: its parts may be functions, which are asked for each buildset. */
export type BuildingScheduler = {
  name: string
  /** Names, or a function of the changes that may ask the outside world. */
  builders: string[] | FunctionRef
  properties: { [name: string]: Renderable }
  /** A function is asked with the names of the builders and the changes by codebase. */
  priority: number | FunctionRef
  reason: Renderable
  codebases: Codebases
}

/** Which changes a scheduler takes, and which of them make it build. */
export type ConsumesChanges = {
  codebases: Codebases
  changeFilter: ChangeFilterConfig
  fileIsImportant: FunctionRef | null
  onlyImportant: boolean
}

/** singleBranch and anyBranch: a change, once the tree is stable, becomes a buildset. */
export type BasicScheduler = BuildingScheduler & ConsumesChanges & {
  kind: 'singleBranch' | 'anyBranch'
  /** Seconds; null: at once, a buildset per change. */
  treeStableTimer: number | null
  /** For a codebase without a change: the place of the last change that was seen. */
  createAbsoluteSourceStamps?: boolean
}

/** Builds when a step of another build asks for it. */
export type TriggerableScheduler = BuildingScheduler & { kind: 'triggerable' }

/** Builds patches that somebody sends from a working tree. */
export type TryScheduler = SchedulerCommon & {
  kind: 'try'
  /** Who may. */
  userpass: { user: string; password: string | SecretRef }[]
  codebases: Codebases
}

/** Builds the places of a buildset of `upstream` when that has ended SUCCESS or WARNINGS. */
export type DependentScheduler = BuildingScheduler & { kind: 'dependent'; upstream: string }

/** What becomes of ticks that nobody was there for. */
export type MissedTicks = 'once' | 'skip' | 'all'

type Timed = BuildingScheduler & ConsumesChanges & { onlyIfChanged: boolean; createAbsoluteSourceStamps: boolean; missed: MissedTicks }
/** `periodicBuildTimer`: seconds from one build to the next. */
export type PeriodicScheduler = Timed & { kind: 'periodic'; periodicBuildTimer: number }
/** `forceAt`: a further crontab line, of times at which it builds even if nothing changed. */
export type NightlyScheduler = Timed & { kind: 'nightly'; cron: string; timeZone: string; forceAt: string | null }
/** Builds at its next tick what was triggered last. */
export type NightlyTriggerableScheduler = BuildingScheduler & { kind: 'nightlyTriggerable'; cron: string; timeZone: string; missed: MissedTicks }

export type ClockScheduler = PeriodicScheduler | NightlyScheduler | NightlyTriggerableScheduler

export type SchedulerConfig = BasicScheduler | ForceScheduler | TriggerableScheduler | TryScheduler | DependentScheduler | ClockScheduler
