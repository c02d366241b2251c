import { z } from 'zod'
import { boolean, identifier, json, list, named, structures, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

/** One field of a force form, in Buildbot's spelling. */
export type ForceField = {
  name: string
  fullName: string
  type: string
  label: string
  tablabel: string
  default: unknown
  required: boolean
  multiple: boolean
  regex: string | null
  hide: boolean
  maxsize: number | null
  /** What other fields are set to, by choice. */
  autopopulate: { [choice: string]: { [field: string]: unknown } } | null
  tooltip: string
  /** Why its choices or its default are not known now; ours. */
  problem?: string
  /** A function of the configuration says its choices or its default; ours. */
  asked?: boolean
  /** Full names of the fields that the function is told; ours. */
  depends_on?: string[]
  choices?: string[]
  strict?: boolean
  rows?: number
  cols?: number
  size?: number
  need_email?: boolean
  layout?: string
  columns?: number
  codebase?: string
  fields?: ForceField[]
}

export const forceField: z.ZodType<ForceField> = z.lazy(() => z.object({
  name: z.string(), fullName: z.string(), type: z.string(), label: z.string(), tablabel: z.string(), default: z.json(),
  required: z.boolean(), multiple: z.boolean(), regex: z.string().nullable(), hide: z.boolean(), maxsize: z.number().nullable(),
  autopopulate: z.record(z.string(), z.record(z.string(), z.json())).nullable(), tooltip: z.string(), problem: z.string().optional(), asked: z.boolean().optional(), depends_on: z.array(z.string()).optional(), choices: z.array(z.string()).optional(), strict: z.boolean().optional(),
  rows: z.number().optional(), cols: z.number().optional(), size: z.number().optional(), need_email: z.boolean().optional(),
  layout: z.string().optional(), columns: z.number().optional(), codebase: z.string().optional(), fields: z.array(forceField).optional(),
}))

export const forceschedulers = resourceType('forcescheduler', 'forceschedulers', {
  name: identifier(50),
  button_name: text,
  label: text,
  builder_names: list(named),
  enabled: boolean,
  all_fields: structures(forceField, json.spec),
})
export type ForceScheduler = ResourceOf<typeof forceschedulers>
