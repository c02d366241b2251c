import { z } from 'zod'
import { entitySpec, type Field, type TypeSpec } from './field.js'

type Fields = { [name: string]: Field }
type Values<F extends Fields> = { [Name in keyof F]: F[Name] extends Field<infer T> ? T : never }

/** A resource of Buildbot's REST API v2: its names, its fields in Buildbot's spelling, and the check of one of its objects. */
export type ResourceType<T = { [field: string]: unknown }> = {
  name: string
  plural: string
  fields: { readonly [name: string]: Field }
  schema: z.ZodType<T>
  /** As Buildbot's `application.spec` describes it. */
  spec: TypeSpec
}

export type ResourceOf<R> = R extends ResourceType<infer T> ? T : never

/** Both the schema and the table that queries are checked against come from the one list of fields. */
export function resourceType<F extends Fields>(name: string, plural: string, fields: F): ResourceType<Values<F>> {
  const shape = Object.fromEntries(Object.entries(fields).map(([key, { schema }]) => [key, schema]))
  return { name, plural, fields, schema: z.object(shape) as unknown as z.ZodType<Values<F>>, spec: entitySpec(name, fields) }
}
