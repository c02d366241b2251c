import { RestError } from '../rest-error.js'
import { z } from 'zod'
import { addressOf, type AnswerOf, type CallOf } from './call.js'
import type { Route } from './route.js'

/** How a server is asked. */
export type ClientOptions = {
  /** Address of the web page. */
  baseUrl: string
  /** An API token. In a browser there is none: the session's cookie goes along. */
  token?: string | undefined
  headers?: { readonly [name: string]: string }
  /** Ends every call. */
  signal?: AbortSignal
  /** E.g. one that gives up: `(url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(30_000) })`. */
  fetch?: typeof fetch
}

/** What every route refuses with. */
export const refusal = z.object({ error: z.string() }).meta({ id: 'Error', description: 'Why it was refused, and what to do.', examples: [{ error: 'not found: there is no worker w9' }] })

export type Caller = {
  <R extends Route>(route: R, given: CallOf<R>): Promise<AnswerOf<R>>
  /** The answer of a route that is no JSON, as it comes. */
  file<R extends Route>(route: R, given: CallOf<R>): Promise<Response>
}

/** Calls routes by their declarations. Throws RestError, or what fetch throws when nobody answers. */
export function createCaller({ baseUrl, token, headers, signal, fetch: ask = fetch }: ClientOptions): Caller {
  const base = `${baseUrl.replace(/\/$/, '')}/api/yard/v1`
  const answered = async <R extends Route>(route: R, given: CallOf<R>): Promise<Response> => {
    const parts: { params?: object; query?: object; body?: unknown } = given
    const takesBody = route.method === 'post' || route.method === 'put'
    const response = await ask(`${base}${addressOf(route, parts)}`, {
      method: route.method.toUpperCase(),
      headers: { accept: route.content, 'content-type': 'application/json', ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      ...(takesBody && { body: JSON.stringify(parts.body ?? {}) }),
      ...(signal && { signal }),
    })
    if (!response.ok) throw errorOf(response.status, await response.text())
    return response
  }
  const call = async <R extends Route>(route: R, given: CallOf<R>) => route.answer.parse(await (await answered(route, given)).json()) as AnswerOf<R>
  return Object.assign(call, { file: answered })
}

function errorOf(status: number, text: string): RestError {
  const read = refusal.safeParse(parsed(text))
  return new RestError(status, read.success ? read.data.error : text.trim().slice(0, 500) || `the server answered ${status}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
