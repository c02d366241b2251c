import type { Json } from './json.js'
import type { FunctionRef } from './renderable.js'
import type { SchedulerCommon } from './scheduler-config.js'

/** `codebase`, `patch`, `any` and `nested` group others. */
export type ForceParameterType = 'text' | 'bool' | 'int' | 'choices' | 'fixed' | 'username' | 'file' | 'worker' | 'inherit' | 'nested' | 'any' | 'codebase' | 'patch'

export type ForceLayout = 'vertical' | 'horizontal' | 'simple' | 'tabs'

export type ForceParameter = {
  name: string
  fullName: string
  type: ForceParameterType
  label: string
  tablabel: string
  tooltip: string
  default: Json
  /** Asked for the default, before the form is shown and before it is checked; null: the default is as said. */
  defaultFn: FunctionRef | null
  required: boolean
  multiline: boolean
  hide: boolean
  regex: string | null
  /** Characters of a value, or of all that a group holds. */
  maxsize: number | null
  /** Of the input, in characters; null: as its type has it. */
  size: number | null
  cols: number | null
  rows: number | null
  needEmail: boolean
  choices: string[]
  choicesFn: FunctionRef | null
  /** Full names of the fields whose values its functions are told. */
  dependsOn: string[]
  strict: boolean
  multiple: boolean
  /** What other fields are set to (by full name) when a choice is picked. */
  autopopulate: { [choice: string]: { [field: string]: Json } } | null
  layout: ForceLayout
  /** null: two from four fields on, else one. */
  columns: number | null
  /** Whose sourcestamp it makes. */
  codebase: string | null
  /** Makes the sourcestamp of what was filled in; null: it is what was filled in. */
  sourcestampFn: FunctionRef | null
  /** Why its choices or its default are not known now. */
  problem: string | null
  /** What it groups; [] for all others. */
  fields: ForceParameter[]
}

export type ForceScheduler = SchedulerCommon & {
  kind: 'force'
  label: string
  buttonName: string
  /** Of type `codebase`, one for each sourcestamp. */
  codebases: ForceParameter[]
  parameters: ForceParameter[]
}
