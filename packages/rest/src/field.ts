import type { Json, Properties } from '@yardmaster/domain'
import { z } from 'zod'

export type FilterValue = string | number | boolean

/** A type as Buildbot's `application.spec` tells it: what it is called, and its description. */
export type TypeSpec = { name: string; type_spec: { [member: string]: unknown } }

/** One field of a resource: how its value looks in an answer, and how a query's text becomes a value to compare with. */
export type Field<T = unknown> = {
  schema: z.ZodType<T>
  kind: 'integer' | 'string' | 'boolean' | 'identifier' | 'structure'
  list: boolean
  spec: TypeSpec
  /** Characters that an identifier has at most. */
  most?: number
}

const plain = (name: string): TypeSpec => ({ name, type_spec: { name } })
const field = <T>(schema: z.ZodType<T>, kind: Field['kind'], spec = plain(kind)): Field<T> => ({ schema, kind, list: false, spec })

export const integer = field(z.number().int(), 'integer')
/** Epoch seconds. */
export const time = field(z.number().int(), 'integer', plain('datetime'))
export const text = field(z.string(), 'string')
export const boolean = field(z.boolean(), 'boolean')
/** A name of letters, digits, `.`, `_` and `-`: a filter by anything else is refused. */
export const identifier = (most: number): Field<string> => ({ ...field(z.string(), 'identifier'), most })
/** Buildbot calls it an identifier; ours may be any text, and are found by it. */
export const named = field(z.string(), 'string', plain('identifier'))
const jsonSchema: z.ZodType<Json> = z.json()
const propertiesSchema: z.ZodType<Properties> = z.record(z.string(), z.tuple([jsonSchema, z.string()]))
export const json = field(z.record(z.string(), jsonSchema), 'structure', plain('jsonobject'))
export const properties = field(propertiesSchema, 'structure', plain('sourcedproperties'))

export function nullable<T>(of: Field<T>): Field<T | null> {
  return { ...of, schema: of.schema.nullable(), spec: { name: `${of.spec.name} or None`, type_spec: { ...of.spec.type_spec, can_be_null: true } } }
}

/** Never null in Buildbot's description of it; here it may be. */
export function quietlyNullable<T>(of: Field<T>): Field<T | null> {
  return { ...of, schema: of.schema.nullable() }
}

export function list<T>(of: Field<T>): Field<T[]> {
  return { ...of, schema: z.array(of.schema), list: true, spec: listSpec(of.spec) }
}

export function structure<T>(schema: z.ZodType<T>, spec: TypeSpec): Field<T> {
  return field(schema, 'structure', spec)
}

export function structures<T>(schema: z.ZodType<T>, spec: TypeSpec): Field<T[]> {
  return field(z.array(schema), 'structure', listSpec(spec))
}

const listSpec = (of: TypeSpec): TypeSpec => ({ name: 'list', type_spec: { type: 'list', of: of.type_spec } })

/** The type of objects that have these fields. */
export function entitySpec(name: string, fields: { readonly [name: string]: { spec: TypeSpec } }): TypeSpec {
  return { name, type_spec: { type: name, fields: Object.entries(fields).map(([field, { spec }]) => ({ name: field, type: spec.name, type_spec: spec.type_spec })) } }
}

const yes = ['on', 'true', 'yes', '1']
const no = ['off', 'false', 'no', '0']
const identifierText = /^[a-zA-Z_-][a-zA-Z0-9._-]*$/
const wholeNumber = /^\s*[+-]?\d+(_\d+)*\s*$/

/** A number as Python reads it, which allows a `_` between digits; undefined: it is none, or no number can be that large. */
export function numberIn(given: string): number | undefined {
  const number = wholeNumber.test(given) ? Number(given.replaceAll('_', '')) : NaN
  return Number.isSafeInteger(number) ? number : undefined
}

/** The value that `given` stands for in a filter on this field; undefined: it stands for none. */
export function filterValue(of: Field, given: string): FilterValue | undefined {
  switch (of.kind) {
    case 'integer': return numberIn(given)
    case 'boolean': return yes.includes(given.toLowerCase()) ? true : no.includes(given.toLowerCase()) ? false : undefined
    case 'identifier': return identifierText.test(given) && given.length <= (of.most ?? Infinity) ? given : undefined
    case 'string': return given
    case 'structure': return undefined
  }
}
