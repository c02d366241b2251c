import type { Json, Properties } from '@yardmaster/domain'
import { z } from 'zod'

export type FilterValue = string | number | boolean

/** One field of a resource: how its value looks in an answer, and how a query's text becomes a value to compare with. */
export type Field<T = unknown> = {
  schema: z.ZodType<T>
  kind: 'integer' | 'string' | 'boolean' | 'identifier' | 'structure'
  list: boolean
}

const field = <T>(schema: z.ZodType<T>, kind: Field['kind']): Field<T> => ({ schema, kind, list: false })

export const integer = field(z.number().int(), 'integer')
/** Epoch seconds. */
export const time = field(z.number().int(), 'integer')
export const text = field(z.string(), 'string')
export const boolean = field(z.boolean(), 'boolean')
export const identifier = field(z.string(), 'identifier')
const jsonSchema: z.ZodType<Json> = z.json()
const propertiesSchema: z.ZodType<Properties> = z.record(z.string(), z.tuple([jsonSchema, z.string()]))
export const json = field(z.record(z.string(), jsonSchema), 'structure')
export const properties = field(propertiesSchema, 'structure')

export function nullable<T>(of: Field<T>): Field<T | null> {
  return { ...of, schema: of.schema.nullable() }
}

export function list<T>(of: Field<T>): Field<T[]> {
  return { schema: z.array(of.schema), kind: of.kind, list: true }
}

export function structure<T>(schema: z.ZodType<T>): Field<T> {
  return field(schema, 'structure')
}

const yes = ['on', 'true', 'yes', '1']
const no = ['off', 'false', 'no', '0']
const identifierText = /^[a-zA-Z_-][a-zA-Z0-9._-]{0,49}$/

/** The value that `given` stands for in a filter on this field; undefined: it stands for none. */
export function filterValue(of: Field, given: string): FilterValue | undefined {
  switch (of.kind) {
    case 'integer': {
      const number = /^\s*[+-]?\d+\s*$/.test(given) ? Number(given) : NaN
      return Number.isSafeInteger(number) ? number : undefined
    }
    case 'boolean': return yes.includes(given.toLowerCase()) ? true : no.includes(given.toLowerCase()) ? false : undefined
    case 'identifier': return identifierText.test(given) ? given : undefined
    case 'string': return given
    case 'structure': return undefined
  }
}
