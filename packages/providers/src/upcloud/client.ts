import { isRecord, type Json, type JsonRecord } from '@yardmaster/domain'
import { ProviderError } from '../provider-error.js'
import type { ProviderDeps } from '../open-provider.js'
import { failureClassOf } from './error-classes.js'
import { numberAt, recordsAt, textAt } from './json-read.js'
import { RateGate } from './rate-gate.js'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
type Answer = { body: Json; headers: Headers }

/** Longer than the slowest answers that were recorded (POST /server: 5 s). */
const CALL_MS = 30_000
/** Reading is tried again here; whatever changes something is the ledger's to try again. */
const READS = 3
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 60_000
/** The most that the API gives. */
const PAGE = 100

export type ClientOptions = { baseUrl: string; /** The value of the header, with the credentials in it. */ authorization: string }

/** One account's way to UpCloud's API 1.3: JSON in and out, errors with their class, never faster than is decent. */
export class UpcloudClient {
  readonly #baseUrl: string
  readonly #authorization: string
  readonly #deps: ProviderDeps
  readonly #gate: RateGate

  constructor({ baseUrl, authorization }: ClientOptions, deps: ProviderDeps) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '')
    this.#authorization = authorization
    this.#deps = deps
    this.#gate = new RateGate(deps.clock)
  }

  /** Tries again when the API or the way to it fails for a moment. */
  async get(path: string, signal: AbortSignal): Promise<Json> {
    return (await this.#read(path, signal)).body
  }

  /** null: the API says that it is not there. */
  async find(path: string, signal: AbortSignal): Promise<Json | null> {
    return absentIsNull(() => this.get(path, signal))
  }

  async post(path: string, body: Json, signal: AbortSignal): Promise<Json> {
    return (await this.#call('POST', path, signal, body)).body
  }

  async put(path: string, body: Json, signal: AbortSignal): Promise<Json> {
    return (await this.#call('PUT', path, signal, body)).body
  }

  /** false: it was not there. */
  async delete(path: string, signal: AbortSignal): Promise<boolean> {
    return (await absentIsNull(() => this.#call('DELETE', path, signal))) !== null
  }

  /** All of a list; `keys` lead to it. An API that knows no pages gives the same again, which ends it. */
  async list(path: string, keys: [string, string], signal: AbortSignal): Promise<JsonRecord[]> {
    const byId = new Map<string, JsonRecord>()
    for (;;) {
      const before = byId.size
      const { body, headers } = await this.#read(before === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}limit=${PAGE}&offset=${before}`, signal)
      for (const item of recordsAt(body, ...keys)) byId.set(textAt(item, 'uuid') ?? JSON.stringify(item), item)
      const total = numberOf(headers.get('upcloud-total-count'))
      const complete = total === null ? byId.size % PAGE !== 0 : byId.size >= total
      if (complete || byId.size === before) return [...byId.values()]
    }
  }

  async #read(path: string, signal: AbortSignal): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#call('GET', path, signal)
      } catch (error) {
        const passing = error instanceof ProviderError && (error.mayHaveHappened || error.retryAfterMs !== null)
        if (!passing || attempt === READS || signal.aborted) throw error
        await this.#deps.clock.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + this.#deps.random.float()), signal)
      }
    }
  }

  async #call(method: Method, path: string, signal: AbortSignal, body?: Json): Promise<Answer> {
    const what = `${method} ${this.#baseUrl}${path}`
    await this.#gate.pass(signal).catch((error: unknown) => {
      throw new ProviderError(`${what}: was not asked: ${reasonOf(error)}`, { failureClass: 'retry', cause: error })
    })
    const timeout = new AbortController()
    const cancel = this.#deps.clock.setTimeout(() => timeout.abort(new Error(`no answer within ${CALL_MS / 1_000} s`)), CALL_MS)
    try {
      const response = await fetch(`${this.#baseUrl}${path}`, {
        method, redirect: 'error', signal: AbortSignal.any([signal, timeout.signal]),
        headers: { authorization: this.#authorization, accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw this.#refusal(what, response, text)
      return { body: parsed(what, text), headers: response.headers }
    } catch (error) {
      if (error instanceof ProviderError) throw error
      throw new ProviderError(`${what}: the answer was lost: ${reasonOf(error)}`, { failureClass: 'retry', mayHaveHappened: true, cause: error })
    } finally {
      cancel()
    }
  }

  #refusal(what: string, response: Response, text: string): ProviderError {
    const { status, headers } = response
    const { code, message } = errorOf(text)
    const correlation = headers.get('upcloud-cid')
    const retryAfterMs = status === 429 || status === 503 ? pauseOf(headers.get('retry-after')) : null
    if (status === 429) this.#gate.pause(retryAfterMs ?? FIRST_PAUSE_MS)
    const said = [code, message].filter(part => part !== null).join(': ') || 'no reason given'
    return new ProviderError(`${what} was answered ${status} ${said}${correlation === null ? '' : ` (UpCloud's correlation id ${correlation})`}`, {
      failureClass: failureClassOf(status, code), code: code ?? `HTTP_${status}`, mayHaveHappened: status >= 500 || status === 408, retryAfterMs: retryAfterMs ?? (status === 429 ? FIRST_PAUSE_MS : null),
    })
  }
}

/** Codes end in NOT_FOUND both in the API's older and in its newer words. */
export const isAbsent = (error: unknown): boolean => error instanceof ProviderError && (error.code === 'HTTP_404' || (error.code?.endsWith('NOT_FOUND') ?? false))

async function absentIsNull<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call()
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

/** The older services say {"error": {error_code, error_message}}, the newer ones RFC 7807 problems. */
function errorOf(text: string): { code: string | null; message: string | null } {
  const body = attempt(text)
  if (!isRecord(body)) return { code: null, message: text.slice(0, 200) || null }
  if (isRecord(body['error'])) return { code: textAt(body, 'error', 'error_code'), message: textAt(body, 'error', 'error_message') }
  const params = recordsAt(body, 'invalid_params').map(param => `${textAt(param, 'name') ?? '?'}: ${textAt(param, 'reason') ?? '?'}`)
  const message = [textAt(body, 'title'), ...params].filter(part => part !== null).join('; ')
  return { code: textAt(body, 'type')?.match(/#ERROR_(.+)$/)?.[1] ?? textAt(body, 'type'), message: message || numberAt(body, 'status')?.toString() || null }
}

function attempt(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function parsed(what: string, text: string): Json {
  if (text.trim() === '') return null
  const body = attempt(text)
  if (body === undefined) throw new ProviderError(`${what} was answered with what is no JSON`, { failureClass: 'retry', mayHaveHappened: true })
  return body
}

function numberOf(header: string | null): number | null {
  const number = header === null || header === '' ? Number.NaN : Number(header)
  return Number.isFinite(number) ? number : null
}

/** Seconds; the form with a date would need two clocks that agree. */
function pauseOf(header: string | null): number | null {
  const seconds = numberOf(header)
  return seconds !== null && seconds >= 0 ? Math.min(seconds * 1_000, LONGEST_PAUSE_MS) : null
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
