import type { Json } from '@yardmaster/domain'
import { SendError } from '../send-error.js'
import { exchange } from './exchange.js'
import type { HttpAnswer, HttpDeps, HttpMethod, Trust } from './exchange.js'
import { hidden } from './hidden.js'
import { limitOf } from './limits.js'

export type JsonAnswer = HttpAnswer & { body: Json }

/** One host, and how it is spoken to. */
export type JsonHost = {
  /** Without a slash at its end; paths are put behind it. */
  baseUrl: string
  headers: { [name: string]: string }
  trust: Trust
  secrets: readonly string[]
}

export type JsonCall = { method: HttpMethod; path: string; body?: Json; /** Sent instead of a body, as forms are. */ form?: { [field: string]: string }; /** Statuses besides 2xx that are an answer, not an error. */ answers?: readonly number[]; fresh?: boolean }

/**
 * JSON in and out. Throws SendError for what is not 2xx. A wrong or expired token is tried again, since somebody may mend it; other answers 4xx are definite; after a 5xx
 * nobody knows what was done.
 */
export async function jsonCall(host: JsonHost, call: JsonCall, deps: HttpDeps): Promise<JsonAnswer> {
  const { method, path, fresh = false } = call
  const url = `${host.baseUrl}${path}`
  const { text, type } = contentOf(call)
  const headers = { ...host.headers, ...(text === null ? {} : { 'content-type': type }) }
  const answer = await exchange({ method, url, headers, body: text, trust: host.trust, secrets: host.secrets, fresh }, deps)
  if (answer.status < 200 || answer.status > 299) {
    if (call.answers?.includes(answer.status)) return { ...answer, body: parsed(answer.text) ?? null }
    throw failureOf(`${method} ${url}`, answer, { secrets: host.secrets, now: deps.clock.now() })
  }
  const body = answer.text.trim() === '' ? null : parsed(answer.text)
  if (body === undefined) throw new SendError(`${method} ${url} was answered ${answer.status} with what is no JSON: is the base URL that of an API?`, { outcome: 'unknown' })
  return { ...answer, body }
}

function contentOf({ body, form }: JsonCall): { text: string | null; type: string } {
  if (form) return { text: new URLSearchParams(form).toString(), type: 'application/x-www-form-urlencoded' }
  return { text: body === undefined ? null : JSON.stringify(body), type: 'application/json' }
}

/** What an answer that is not 2xx means. */
export function failureOf(what: string, answer: HttpAnswer, { secrets, now }: { secrets: readonly string[]; now: number }): SendError {
  const { status } = answer
  const message = hidden(`${what} was answered ${status}: ${saidIn(answer.text)}`, secrets)
  const limit = limitOf(answer, now)
  if (limit) return new SendError(message, { outcome: 'again', limited: true, retryAfterMs: limit.retryAfterMs })
  if (status >= 500) return new SendError(message, { outcome: 'unknown' })
  if (status === 401) return new SendError(`${message}: is the token right, and not expired?`, { outcome: 'again', retryAfterMs: 60_000 })
  return new SendError(message, { outcome: status === 408 || status === 425 ? 'again' : 'refused' })
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** The reason, in the words of the hosts: `message` (GitHub, GitLab, Gitea) with `errors`, `error`, or Bitbucket's `errors` and `error.message`. */
function saidIn(text: string): string {
  const body = parsed(text)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return text.replaceAll(/\s+/g, ' ').trim().slice(0, 200) || 'no reason given'
  const { message, error, error_description: description, errors } = body
  const parts = [message, description, error, ...(Array.isArray(errors) ? errors : [])].map(wordsOf).filter(part => part !== '')
  return [...new Set(parts)].join('; ').slice(0, 500) || 'no reason given'
}

function wordsOf(said: Json | undefined): string {
  if (said === undefined || said === null) return ''
  if (typeof said === 'string') return said
  if (typeof said === 'object' && !Array.isArray(said) && typeof said['message'] === 'string') return said['message']
  return JSON.stringify(said)
}
