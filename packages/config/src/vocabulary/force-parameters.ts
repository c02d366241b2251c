import type { ForceLayout, Json, SourceStampData } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'

/** What is known when choices and defaults are asked for. */
export type FormContext = {
  /** Whose form it is; null: that of all builders of the scheduler. */
  builder: string | null
  /** What the fields that it depends on hold now, by full name. */
  values: { [field: string]: Json }
}
/** May ask the outside world, within a minute. Its answer is kept for a minute, by builder and values. */
export type FormFunction<T> = (context: FormContext, signal: AbortSignal) => T | Promise<T>

type Common = {
  label?: string
  /** Of its tab, where a group shows tabs. */
  tablabel?: string
  tooltip?: string
  hide?: boolean
  /** Ignored, as it says how Buildbot logs. */
  debug?: boolean
}
type ParameterOptions<Value> = Common & {
  /** The property that it sets. */
  name: string
  default?: Value | FormFunction<Value>
  /** Full names of fields: when one changes, functions are asked again, with their values. */
  dependsOn?: string[]
  required?: boolean
  /** What other fields are set to when this one is picked: by choice, then by full name of the field. */
  autopopulate?: { [choice: string]: { [field: string]: Json } }
}
type TextOptions = ParameterOptions<string> & {
  /** The value must match it from its start. */
  regex?: RegExp | string
  /** Characters. */
  maxsize?: number
  /** Of the input, in characters. */
  size?: number
}
type UserNameOptions = Omit<TextOptions, 'name'> & { name?: string; /** An address in it is asked for (true unless said otherwise). */ needEmail?: boolean }
type ChoiceOptions = ParameterOptions<string | string[]> & {
  choices: string[] | FormFunction<string[]>
  /** Only these choices (true unless said otherwise). */
  strict?: boolean
  multiple?: boolean
}
type GroupOptions = Common & {
  layout?: ForceLayout
  /** From 1 to 4. */
  columns?: number
  /** Characters of all that is in it. */
  maxsize?: number
}
type Field = ForceParameterDeclaration
type CodebaseField = Field | string | null
type CodebaseOptions = GroupOptions & {
  codebase: string
  /** What its fields' full names begin with: the codebase unless said otherwise. */
  name?: string
  /** A parameter, a text that nobody can change, or null for no such field. */
  branch?: CodebaseField
  revision?: CodebaseField
  repository?: CodebaseField
  project?: CodebaseField
  patch?: Field | null
  /** Makes the sourcestamp of what was filled in. */
  createSourcestamp?: (given: { sourcestamp: SourceStampData; properties: { [name: string]: Json } }, signal: AbortSignal) => Made | Promise<Made>
}
type Made = { branch?: string | null; revision?: string | null; repository?: string; project?: string }
type PatchOptions = GroupOptions & { name?: string; body?: Field; level?: Field; author?: Field; comment?: Field; subdir?: Field }

/** One field of a force scheduler's form. Parameters named reason, username and priority take the place of the usual ones. */
export type ForceParameterDeclaration = Declared<`parameter.${string}`, object>

const nested = (options: GroupOptions & { name: string; fields: Field[] }): Field => declare('parameter.nested', options)

export const parameters = {
  stringParameter: (options: TextOptions): Field => declare('parameter.text', options),
  /** Several lines. */
  textParameter: (options: TextOptions & { cols?: number; rows?: number }): Field => declare('parameter.textarea', options),
  intParameter: (options: ParameterOptions<number> & { size?: number }): Field => declare('parameter.int', options),
  booleanParameter: (options: ParameterOptions<boolean>): Field => declare('parameter.bool', options),
  choiceStringParameter: (options: ChoiceOptions): Field => declare('parameter.choices', options),
  /** A value that nobody can change. */
  fixedParameter: (options: Common & { name: string; default: Json }): Field => declare('parameter.fixed', options),
  userNameParameter: (options: UserNameOptions = {}): Field => declare('parameter.username', options),
  /** The text of a file, of at most 1 MiB unless `maxsize` says more. */
  fileParameter: (options: Omit<ParameterOptions<string>, 'default'> & { maxsize?: number }): Field => declare('parameter.file', options),
  /** One of the builder's workers, or any: it alone builds what was asked for. */
  workerChoiceParameter: (options: Partial<ParameterOptions<string>> = {}): Field => declare('parameter.worker', options),
  /** Takes over what was filled in for another build, chosen as 'builder/number'. */
  inheritBuildParameter: (options: Common & { name?: string; required?: boolean; dependsOn?: string[]; compatibleBuilds: string[] | FormFunction<string[]> }): Field => declare('parameter.inherit', options),
  /** A property whose name is filled in too. */
  anyPropertyParameter: (options: GroupOptions & { name: string }): Field => declare('parameter.any', options),
  /** A group: one property that holds them all, or, with the name '', each its own. */
  nestedParameter: nested,
  parameterGroup: nested,
  /** What is built of one codebase; in `codebases` of the force scheduler. */
  codebaseParameter: (options: CodebaseOptions): Field => declare('parameter.codebase', options),
  /** A patch to build with, in a codebaseParameter. */
  patchParameter: (options: PatchOptions = {}): Field => declare('parameter.patch', options),
}
