import type { ChangeData, Interpolate, Json, PropertyRef, SecretRef, SourceStampData } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'
import type { ForceParameterDeclaration } from './force-parameters.js'
import type { NightlyOptions, NightlyTriggerableOptions, PeriodicOptions } from './timed-schedulers.js'
import type { ChangeFilter } from './util.js'
import type { Duration, Nested } from './values.js'

type SchedulerOptions = {
  name: string
  /** Names of the builders to build. */
  builders: Nested<string>
  properties?: { [name: string]: Json }
  /** Higher first. */
  priority?: number
}
/** Names, or where each is and what is built of it when no change says. */
export type Codebases = readonly string[] | { [codebase: string]: { repository?: string; branch?: string | null; revision?: string | null } }

/** What the functions of a scheduler are told of the buildset that is to be. */
export type SchedulingInput = {
  readonly changes: readonly ChangeData[]
  /** Of all changes. */
  readonly files: readonly string[]
  readonly sourcestamps: { readonly [codebase: string]: SourceStampData }
  readonly properties: { readonly [name: string]: Json }
}
/** Quick (250 ms); secrets are of no use here. */
type Scheduled<T> = T | Interpolate | PropertyRef | ((input: SchedulingInput) => T | Promise<T>)
type BuilderNames = Nested<string> | ((input: SchedulingInput, signal: AbortSignal) => readonly string[] | Promise<readonly string[]>)

export type BuildingOptions = {
  name: string
  /** Names of the builders to build, or a function of the changes, which may take a minute and ask the outside world. */
  builders?: BuilderNames
  /** Buildbot's name of `builders`. */
  builderNames?: BuilderNames
  properties?: { [name: string]: Scheduled<Json> }
  /** Higher first; a function must be quick. */
  priority?: number | ((builderNames: readonly string[], changesByCodebase: { readonly [codebase: string]: readonly ChangeData[] }) => number | Promise<number>)
  reason?: Scheduled<string>
}

export type ChangeOptions = {
  changeFilter?: ChangeFilter
  /** A change is important unless this says no; unimportant ones start no build, but come along with the next. */
  fileIsImportant?: (change: ChangeData) => boolean | Promise<boolean>
  /** Forget unimportant changes. */
  onlyImportant?: boolean
}

export type BasicSchedulerOptions = BuildingOptions & ChangeOptions & {
  /** How long it must be quiet before a build; null: each change at once. */
  treeStableTimer?: Duration | null
  codebases?: Codebases
  /** For a codebase without a change, build the place of the last change that was seen, instead of the newest of the branch. */
  createAbsoluteSourceStamps?: boolean
}
export type SingleBranchOptions = BasicSchedulerOptions & {
  /** null: changes without a branch. Needed unless there is a changeFilter. */
  branch?: string | null
}
export type AnyBranchOptions = BasicSchedulerOptions & { branches?: (string | null)[] }
/** A function is asked when the form is shown, and again before what was filled in is checked. */
export type ForceOptions = Omit<SchedulerOptions, 'properties' | 'priority'> & {
  label?: string
  buttonName?: string
  /** Names and codebaseParameters, or by name what branch and repository begin with; not said: one without a name. */
  codebases?: Codebases | (string | ForceParameterDeclaration)[]
  /** Fields of the form that become properties; or properties that every build gets. */
  properties?: { [name: string]: Json } | ForceParameterDeclaration[]
  /** Fields of the form that become properties. */
  parameters?: ForceParameterDeclaration[]
  username?: ForceParameterDeclaration
  reason?: ForceParameterDeclaration
  /** Higher first; or the field that asks for it. */
  priority?: number | ForceParameterDeclaration
  /** With %(owner)s and %(reason)s in it. */
  reasonString?: string
}

/** Whoever has one of these names and passwords may send patches (`yard try`). */
export type TryOptions = SchedulerOptions & {
  userpass: [user: string, password: string | SecretRef][]
  /** The patch is for one of them; the others are built as said here. */
  codebases?: Codebases
}

export type TriggerableOptions = BuildingOptions & {
  /** What is built of each, where whoever triggers does not say; others that he says are not built. */
  codebases?: Codebases
}

export type DependentOptions = BuildingOptions & {
  /** The scheduler whose buildsets it waits for, or its name. */
  upstream: string | SchedulerDeclaration
}

export type SchedulerDeclaration = Declared<'singleBranch', SingleBranchOptions> | Declared<'anyBranch', AnyBranchOptions> | Declared<'force', ForceOptions> | Declared<'triggerable', TriggerableOptions>
  | Declared<'try', TryOptions> | Declared<'dependent', DependentOptions> | Declared<'periodic', PeriodicOptions> | Declared<'nightly', NightlyOptions> | Declared<'nightlyTriggerable', NightlyTriggerableOptions>

export const schedulers = {
  /** Builds the changes of one branch, once the tree is stable. */
  singleBranch: (options: SingleBranchOptions): SchedulerDeclaration => declare('singleBranch', options),
  /** Builds the changes of any branch, each branch by itself. */
  anyBranch: (options: AnyBranchOptions): SchedulerDeclaration => declare('anyBranch', options),
  /** Lets people start a build, with a form. */
  force: (options: ForceOptions): SchedulerDeclaration => declare('force', options),
  /** Lets people build a patch of their working tree: `yard try`. */
  try: (options: TryOptions): SchedulerDeclaration => declare('try', options),
  /** Builds when a step of another build triggers it: steps.trigger, ctx.trigger. */
  triggerable: (options: TriggerableOptions): SchedulerDeclaration => declare('triggerable', options),
  /** Builds the same places when a buildset of another scheduler has ended SUCCESS or WARNINGS. */
  dependent: (options: DependentOptions): SchedulerDeclaration => declare('dependent', options),
  /** Builds again and again, so long after each other. */
  periodic: (options: PeriodicOptions): SchedulerDeclaration => declare('periodic', options),
  /** Builds at times of the day, of the week or of the month. */
  nightly: (options: NightlyOptions): SchedulerDeclaration => declare('nightly', options),
  /** Builds at such times what has been triggered last since the time before; nothing otherwise. */
  nightlyTriggerable: (options: NightlyTriggerableOptions): SchedulerDeclaration => declare('nightlyTriggerable', options),
}
