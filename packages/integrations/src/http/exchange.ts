import { request as httpRequest, Agent as HttpAgent } from 'node:http'
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request as httpsRequest, Agent as HttpsAgent } from 'node:https'
import { rootCertificates } from 'node:tls'
import type { Clock } from '@yardmaster/runtime'
import { SendError } from '../send-error.js'
import { hidden } from './hidden.js'

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** How a server's certificate is judged. */
export type Trust = {
  /** false: any certificate is believed. */
  verify: boolean
  /** PEM certificates to believe besides the system's; null: none. */
  ca: string | null
  /** PEM, of this side, where the server asks for one. */
  own?: { cert: string; key: string }
}

export type HttpCall = {
  method: HttpMethod
  url: string
  headers: { [name: string]: string }
  body: string | null
  trust: Trust
  /** What must not be in an error, even if the other side says it again. */
  secrets: readonly string[]
  /** On a connection of its own: one that was kept may be closed by the other side just then, and nobody knows what it took. */
  fresh?: boolean
}

export type HttpAnswer = { status: number; headers: IncomingHttpHeaders; text: string }

export type HttpDeps = { signal: AbortSignal; clock: Clock }

/** Longer than code hosts take, shorter than the sender's own bound. */
const CALL_MS = 30_000
const LARGEST_ANSWER = 8 * 1024 * 1024
const REDIRECTS = 3

const plainAgent = new HttpAgent({ keepAlive: true, maxSockets: 16 })
/** Certificates are judged when connecting, so each way to judge has connections of its own. */
const secureAgents = new Map<string, HttpsAgent>()

/**
 * One request and its answer, whatever its status. Redirects within the same server are followed with method and body, as hosts ask for after a renaming.
 * Throws SendError: again when it certainly did not get there, unknown when the answer was lost.
 */
export async function exchange(call: HttpCall, deps: HttpDeps): Promise<HttpAnswer> {
  let url = new URL(call.url)
  for (let hop = 0; ; hop++) {
    const answer = await once({ ...call, url: url.href }, deps)
    const next = redirection(url, answer)
    if (!next || hop === REDIRECTS) return answer
    url = next
  }
}

function redirection(from: URL, { status, headers }: HttpAnswer): URL | null {
  if (![301, 302, 307, 308].includes(status) || headers.location === undefined || !URL.canParse(headers.location, from.href)) return null
  const to = new URL(headers.location, from)
  return to.origin === from.origin ? to : null
}

async function once(call: HttpCall, { signal, clock }: HttpDeps): Promise<HttpAnswer> {
  const what = `${call.method} ${shown(call.url)}`
  const timeout = new AbortController()
  const cancel = clock.setTimeout(() => timeout.abort(new Error(`no answer within ${CALL_MS / 1_000} s`)), CALL_MS)
  let connected = false
  try {
    signal.throwIfAborted()
    const request = open(call, AbortSignal.any([signal, timeout.signal]))
    request.once('socket', socket => {
      connected = !socket.connecting
      if (socket.connecting) socket.once(call.url.startsWith('https:') ? 'secureConnect' : 'connect', () => { connected = true })
    })
    const response = await answered(request, call.body)
    return { status: response.statusCode ?? 0, headers: response.headers, text: await bodyOf(response) }
  } catch (error) {
    const reason = reasonOf(timeout.signal.aborted ? timeout.signal.reason : error)
    const message = connected ? `${what}: the answer was lost: ${reason}` : `${what}: there was no connection: ${reason}`
    throw new SendError(hidden(message, call.secrets), { outcome: connected ? 'unknown' : 'again' })
  } finally {
    cancel()
  }
}

function open(call: HttpCall, signal: AbortSignal): ClientRequest {
  const length = call.body === null ? {} : { 'content-length': String(Buffer.byteLength(call.body)) }
  const headers = { 'user-agent': 'Yardmaster', accept: 'application/json', ...call.headers, ...length }
  const { method, trust: { verify, ca, own } } = call
  if (!call.url.startsWith('https:')) return httpRequest(call.url, { method, headers, signal, agent: call.fresh ? false : plainAgent })
  const tls = { rejectUnauthorized: verify, ...(ca === null ? {} : { ca: [...rootCertificates, ca] }), ...own }
  return httpsRequest(call.url, { method, headers, signal, ...(call.fresh ? { agent: false, ...tls } : { agent: secureAgent(call.trust, tls) }) })
}

function secureAgent(trust: Trust, tls: { rejectUnauthorized: boolean; ca?: string[] }): HttpsAgent {
  const key = JSON.stringify([trust.verify, trust.ca, trust.own?.cert])
  const known = secureAgents.get(key)
  if (known) return known
  const agent = new HttpsAgent({ keepAlive: true, maxSockets: 16, ...tls })
  secureAgents.set(key, agent)
  return agent
}

function answered(request: ClientRequest, body: string | null): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
    request.end(body ?? undefined)
  })
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length
    if (size > LARGEST_ANSWER) throw new Error(`an answer of more than ${LARGEST_ANSWER / 1024 / 1024} MiB`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Without what may be secret in it. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reasonOf))].join(', ')
  return error.message || ('code' in error ? String(error.code) : error.name)
}
