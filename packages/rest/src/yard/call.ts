import type { z } from 'zod'
import type { Route } from './route.js'

/** It may be left out where nothing in it has to be said. */
type Part<Name extends string, Value> = Record<string, never> extends Value ? { [Key in Name]?: Value } : Partial<Value> extends Value ? { [Key in Name]?: Value } : { [Key in Name]: Value }

/** What a route is called with: its `params`, `query` and `body`, each only where it has some. */
export type CallOf<R extends Route> = Part<'params', z.input<R['params']>> & Part<'query', z.input<R['query']>> & Part<'body', z.input<R['body']>>
export type AnswerOf<R extends Route> = z.output<R['answer']>

type Parts = { params?: object; query?: object; body?: unknown }

/** The path with its names filled in, and the query. */
export function addressOf({ path, deep }: Route, { params = {}, query = {} }: Parts): string {
  const values = new Map<string, unknown>(Object.entries(params))
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (name === deep ? String(values.get(name)).split('/').map(encodeURIComponent).join('/') : encodeURIComponent(String(values.get(name)))))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) search.append(name, String(one))
  }
  return search.size > 0 ? `${filled}?${search}` : filled
}
