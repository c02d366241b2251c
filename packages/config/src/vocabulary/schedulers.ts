import type { ChangeData, Json, SecretRef } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'
import type { ForceParameterDeclaration } from './force-parameters.js'
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

export type TriggerableOptions = SchedulerOptions & {
  /** What is built of each, where whoever triggers does not say; others that he says are not built. */
  codebases?: Codebases
  reason?: string
}

export type SchedulerDeclaration = Declared<'singleBranch', SingleBranchOptions> | Declared<'anyBranch', AnyBranchOptions> | Declared<'force', ForceOptions> | Declared<'triggerable', TriggerableOptions> | Declared<'try', TryOptions>

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
}
