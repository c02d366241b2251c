import { z } from 'zod'
import { errorCode, messageOf, Problem } from './problem.js'

const Property = z.tuple([z.unknown(), z.string()])
export const Builder = z.object({ builderid: z.number(), name: z.string(), description: z.string().nullish(), tags: z.array(z.string()).default([]), masterids: z.array(z.number()).default([]) })
export const Build = z.object({
  buildid: z.number(), number: z.number(), builderid: z.number(), workerid: z.number().nullish(), buildrequestid: z.number().nullish(),
  complete: z.boolean(), results: z.number().nullable(), state_string: z.string().default(''),
  started_at: z.number().nullable(), complete_at: z.number().nullable(), properties: z.record(z.string(), Property).default({}),
})
export const BuildRequest = z.object({ buildrequestid: z.number(), builderid: z.number(), claimed: z.boolean(), complete: z.boolean(), results: z.number().nullable(), submitted_at: z.number().nullable() })
export const Step = z.object({ stepid: z.number(), number: z.number(), name: z.string(), complete: z.boolean(), results: z.number().nullable(), state_string: z.string().default(''), hidden: z.boolean().default(false) })
export const Log = z.object({ logid: z.number(), name: z.string(), slug: z.string(), type: z.string(), complete: z.boolean(), num_lines: z.number() })
export const LogChunk = z.object({ firstline: z.number(), content: z.string() })
export const Worker = z.object({ workerid: z.number(), name: z.string(), connected_to: z.array(z.object({ masterid: z.number() })), paused: z.boolean().nullish(), graceful: z.boolean().nullish() })
export const Master = z.object({ masterid: z.number(), name: z.string(), active: z.boolean(), last_active: z.number().nullable() })
export const ForceScheduler = z.object({ name: z.string(), builder_names: z.array(z.string()), enabled: z.boolean().default(true) })
/** What `force` and `rebuild` answer: the buildset, and the request of each builder. */
export const Forced = z.tuple([z.number(), z.record(z.string(), z.number())])
export type Build = z.output<typeof Build>
export type Builder = z.output<typeof Builder>
export type Step = z.output<typeof Step>
export type Log = z.output<typeof Log>

const ErrorAnswer = z.object({ error: z.union([z.string(), z.object({ message: z.unknown() })]) })

export type Query = { [parameter: string]: string | number | boolean | string[] }

function search(query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one))
  return parameters.size === 0 ? '' : `?${parameters}`
}

/** `{ branch: 'required' }`, as a force scheduler answers, becomes `branch: required`. */
function sentence(message: unknown): string {
  if (typeof message === 'string') return message
  if (typeof message !== 'object' || message === null) return JSON.stringify(message)
  return Object.entries(message).map(([field, text]) => `${field}: ${String(text)}`).join('; ')
}

function networkReason(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return errorCode(cause) === 'ECONNREFUSED' ? 'connection refused' : errorCode(cause) ?? messageOf(cause)
}

/** Speaks Buildbot's REST API v2 at `base` (without a slash at its end). Everything that goes wrong is a {@link Problem}. */
export class RestClient {
  constructor(readonly base: string) {}

  /** The resources at `path` (`builds`, `builders/7/builds`), each parsed; `key` is the plural in the answer. A 404 is null. */
  async find<T>(path: string, key: string, schema: z.ZodType<T>, query: Query = {}): Promise<T[] | null> {
    const { status, body } = await this.#ask(`${path}${search(query)}`, { headers: { accept: 'application/json' } })
    if (status === 404) return null
    if (status !== 200) throw new Problem(`${this.base} refused ${path}: ${this.#reason(status, body)}`)
    const answer = z.record(z.string(), z.unknown()).safeParse(body)
    return this.#parsed(path, z.array(schema), answer.success ? answer.data[key] : body)
  }

  async list<T>(path: string, key: string, schema: z.ZodType<T>, query: Query = {}): Promise<T[]> {
    return await this.find(path, key, schema, query) ?? []
  }

  /** One resource; throws `missing` as a {@link Problem} when there is none. */
  async one<T>(path: string, key: string, schema: z.ZodType<T>, missing: string, query: Query = {}): Promise<T> {
    const [found] = await this.list(path, key, schema, query)
    if (found === undefined) throw new Problem(missing)
    return found
  }

  /** A control action; its result, parsed. */
  async control<T>(path: string, method: string, params: object, schema: z.ZodType<T>): Promise<T> {
    const { status, body } = await this.#ask(path, {
      method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    if (status !== 200) throw new Problem(`${method} of ${path} was refused: ${this.#reason(status, body)}`)
    return this.#parsed(path, z.object({ result: schema }), body).result
  }

  async #ask(path: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
    const url = `${this.base}/api/v2/${path}`
    let response
    let text
    try {
      response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) })
      text = await response.text()
    } catch (error) {
      throw new Problem(`no Yardmaster answers at ${this.base} (${networkReason(error)}): start one with "yard up", or name its address with --url or YARD_PORT`, { cause: error })
    }
    try {
      return { status: response.status, body: JSON.parse(text) }
    } catch (error) {
      throw new Problem(`${url} answered ${response.status} with something other than JSON: is this a Yardmaster?`, { cause: error })
    }
  }

  #reason(status: number, body: unknown): string {
    const answer = ErrorAnswer.safeParse(body)
    if (!answer.success) return `HTTP ${status}`
    return sentence(typeof answer.data.error === 'string' ? answer.data.error : answer.data.error.message)
  }

  #parsed<T>(path: string, schema: z.ZodType<T>, body: unknown): T {
    const parsed = schema.safeParse(body)
    if (parsed.success) return parsed.data
    throw new Problem(`${this.base} answered ${path} in an unknown form (is it of another version?):\n${z.prettifyError(parsed.error)}`)
  }
}
