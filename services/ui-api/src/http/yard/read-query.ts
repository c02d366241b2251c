import type { Request } from 'express'
import { z } from 'zod'

/** The query as its schema says: of a list several values, each perhaps with commas; of all else one. Throws ZodError. */
export function readQuery(schema: z.ZodObject, { originalUrl }: Pick<Request, 'originalUrl'>): object {
  const { searchParams } = new URL(originalUrl, 'http://localhost')
  const given: { [name: string]: unknown } = {}
  for (const name of new Set(searchParams.keys())) {
    const values = searchParams.getAll(name)
    const field = Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined
    given[name] = isList(field) ? values.flatMap(text => text.split(',')) : values.length > 1 ? values : values[0]
  }
  return schema.parse(given)
}

const isList = (field: unknown): boolean => field instanceof z.ZodOptional ? isList(field.unwrap()) : field instanceof z.ZodArray
