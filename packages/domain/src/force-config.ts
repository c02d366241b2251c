import type { Json } from './json.js'
import type { Codebases, SchedulerCommon } from './scheduler-config.js'

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
  codebases: Codebases
  parameters: ForceParameter[]
}
