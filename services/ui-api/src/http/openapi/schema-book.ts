import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'

export type JsonSchema = z.core.JSONSchema.JSONSchema

/** in: as a client sends it; out: as it is answered. */
export type Way = 'input' | 'output'

export type SchemaBook = {
  /** Those with names, which others refer to. */
  readonly components: { readonly [name: string]: JsonSchema }
  of(schema: z.ZodType, way: Way): JsonSchema
}

const anything: JsonSchema = { description: 'Any JSON value.' }

/** Schemas as OpenAPI 3.1 takes them: what has a name (`.meta({ id })`) stands once, in `components`. */
export function openSchemaBook(): SchemaBook {
  const components: { [name: string]: JsonSchema } = { Json: anything }
  const keep = (name: string, schema: JsonSchema) => {
    const kept = components[name]
    if (kept && !isDeepStrictEqual(kept, schema)) throw new Error(`two schemas are named ${name}`)
    components[name] = schema
  }
  return {
    components,
    of(schema, way) {
      const { $defs = {}, properties } = z.toJSONSchema(z.object({ it: schema }), { io: way, override: plainer(way) })
      const nameless = new Set(Object.keys($defs).filter(name => name.startsWith('__')))
      for (const [name, definition] of Object.entries($defs)) if (!nameless.has(name)) keep(name, rewritten(definition, nameless))
      const own = properties?.['it']
      return typeof own === 'object' ? rewritten(own, nameless) : {}
    },
  }
}

/** Answers may get further fields; a number that is whole need not be said to be below 2^53. */
function plainer(way: Way) {
  return ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }) => {
    if (way === 'output' && zodSchema._zod.def.type === 'object' && zodSchema._zod.def.catchall === undefined) delete jsonSchema.additionalProperties
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    delete jsonSchema.id
  }
}

/** With references into `components`. What is recursive without a name is JSON itself. */
function rewritten(schema: JsonSchema, nameless: ReadonlySet<string>): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key !== '$ref' || typeof value !== 'string') return value
    const name = value.replace('#/$defs/', '')
    return `#/components/schemas/${nameless.has(name) ? 'Json' : name}`
  }) as JsonSchema
}
