import type { Json } from '@yardmaster/domain'
import { z } from 'zod'
import { follow, type FollowOptions } from './follow.js'
import { FollowedPaths } from './followed-paths.js'
import type { ResourceType } from './resource-type.js'
import { errorOf, RestError } from './rest-error.js'

export type Query = { [parameter: string]: string | number | boolean | readonly (string | number)[] | undefined }
export type Page<T> = { rows: T[]; /** How many there are without limit and offset, if the server knows. */ total: number | null }

export type Client = {
  /** A collection, checked field by field. Throws RestError, or what fetch throws when nobody answers. */
  list<T>(resource: ResourceType<T>, path: string, query?: Query): Promise<Page<T>>
  /** One resource; null: there is none. */
  one<T>(resource: ResourceType<T>, path: string, query?: Query): Promise<T | null>
  /** A control action, e.g. ('builds/7', 'stop', { reason }). Throws RestError; the answer is the action's result. */
  control(path: string, method: string, params?: { [name: string]: Json }): Promise<Json>
  /**
   * Live events of these paths (e.g. all builds, all events): opened again for ever, on whichever replica answers, without a gap and
   * without doubles, until the signal; resolves then. Throws RestError when it is refused, and what `onEvent` throws.
   */
  follow(paths: readonly string[] | FollowedPaths, options: FollowOptions): Promise<void>
  /** The answer as it comes, e.g. of `logs/7/raw`. Throws RestError unless it is 2xx. */
  raw(path: string, query?: Query): Promise<Response>
}

type Send = (url: string, init: { method?: string; body?: string; signal?: AbortSignal; headers: { [name: string]: string } }) => Promise<Response>

const meta = z.object({ total: z.number().optional() })
const controlAnswer = z.object({ result: z.json() })
const pageOf = <T>(resource: ResourceType<T>) => z.object({ [resource.plural]: z.array(resource.schema), meta })

function search(query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) if (item !== undefined) parameters.append(name, String(item))
  }
  return parameters.size > 0 ? `?${parameters}` : ''
}

/** A client of Buildbot's REST API v2 at `baseUrl` (the address of the web page), for programs and for the browser. */
export function createClient({ baseUrl, token, signal: end }: { baseUrl: string; /** An API token; in a browser there is none. */ token?: string | undefined; /** Ends every call. */ signal?: AbortSignal | undefined }): Client {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`
  const api = (path: string, query: Query = {}) => `${base}api/v2/${path}${search(query)}`

  const send: Send = (url, { signal, ...init }) => {
    const signals = [signal, end].filter(one => one !== undefined)
    return fetch(url, { ...init, ...(signals.length > 0 && { signal: AbortSignal.any(signals) }), headers: { ...init.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) } })
  }

  const ask = async (url: string, init: { method?: string; body?: string; headers?: { [name: string]: string }; signal?: AbortSignal } = {}): Promise<Response> => {
    const response = await send(url, { ...init, headers: { accept: 'application/json', ...init.headers } })
    if (!response.ok) throw errorOf(response.status, await response.text())
    return response
  }

  const list = async <T>(resource: ResourceType<T>, path: string, query?: Query): Promise<Page<T>> => {
    const body = await (await ask(api(path, query))).json()
    const answer = pageOf(resource).parse(body)
    return { rows: z.array(resource.schema).parse(answer[resource.plural]), total: meta.parse(answer.meta).total ?? null }
  }

  return {
    list,
    async one(resource, path, query) {
      try {
        return (await list(resource, path, query)).rows[0] ?? null
      } catch (error) {
        if (error instanceof RestError && error.status === 404) return null
        throw error
      }
    },
    async control(path, method, params = {}) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      const response = await ask(api(path), { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      return controlAnswer.parse(await response.json()).result
    },
    raw: (path, query) => ask(api(path, query)),
    follow: (paths, options) => follow({
      open: (followed, after, signal) => ask(`${base}sse/listen${search({ path: followed, after })}`, { signal, headers: { accept: 'text/event-stream' } }),
      change: (stream, verb, path, signal) => ask(`${base}sse/${verb}/${stream}/${path}`, { signal }),
    }, paths instanceof FollowedPaths ? paths : new FollowedPaths(paths), options),
  }
}
