import type { Json } from '@yardmaster/domain'
import { createClient, createYardClient, RestError, type Client, type Query, type ResourceType, type YardClient } from '@yardmaster/rest'
import type { Clock } from '@yardmaster/runtime'
import { z } from 'zod'
import { errorCode, messageOf, Problem } from './problem.js'

/** A running Yardmaster, asked by REST. Whatever goes wrong is a {@link Problem}. */
export type Remote = {
  list<T>(resource: ResourceType<T>, path: string, query?: Query): Promise<T[]>
  /** The first one; `missing` is told when there is none. */
  one<T>(resource: ResourceType<T>, path: string, missing: string, query?: Query): Promise<T>
  control(path: string, method: string, params: { [name: string]: Json }): Promise<Json>
  /** Asks for what only Yardmaster has (`/api/yard/v1`). */
  yard<T>(ask: (client: YardClient) => Promise<T>): Promise<T>
  follow: Client['follow']
}

/** Nobody answers, or the one who does cannot just now: it may be different in a moment. */
export class Away extends Problem {}

/** `{ branch: 'required' }`, as a force scheduler answers, becomes `branch: required`. */
function refusal({ message, fields, status }: RestError): string {
  if (fields === null) return `${message} (HTTP ${status})`
  return Object.entries(fields).map(([field, text]) => `${field}: ${text}`).join('; ')
}

function problem(base: string, path: string, error: unknown, token: string | undefined): Problem {
  if (error instanceof RestError && (error.status === 401 || (error.status === 403 && token === undefined))) return new Problem(`${base} refused ${path}: ${refusal(error)}${token === undefined ? '; no token was sent' : ''}: make one on the page Tokens and keep it with "yard login", or set YARD_TOKEN`, { cause: error })
  if (error instanceof RestError) return new (error.status >= 500 || error.status === 408 || error.status === 429 ? Away : Problem)(`${base} refused ${path}: ${refusal(error)}`, { cause: error })
  if (error instanceof z.ZodError) return new Problem(`${base} answered ${path} in an unknown form (is it of another version?):\n${z.prettifyError(error)}`, { cause: error })
  if (error instanceof SyntaxError) return new Problem(`${base} answered ${path} with something other than JSON: is this a Yardmaster?`, { cause: error })
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const reason = errorCode(cause) === 'ECONNREFUSED' ? 'connection refused' : errorCode(cause) ?? messageOf(cause)
  return new Away(`no Yardmaster answers at ${base} (${reason}): start one with "yard up", or name its address with --url or YARD_PORT`, { cause: error })
}

/** The Yardmaster whose web page is at `base`, given without a slash at its end, asked with this API token. */
export function connectRemote(base: string, { token, signal }: { token?: string | undefined; /** Ends all that is asked. */ signal?: AbortSignal | undefined } = {}): Remote {
  const client = createClient({ baseUrl: base, token, signal })
  const yardClient = createYardClient({ baseUrl: base, token, ...(signal && { signal }) })
  const asking = async <T>(path: string, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw problem(base, path, error, token)
    }
  }
  return {
    list: async (resource, path, query) => (await asking(path, client.list(resource, path, query))).rows,
    async one(resource, path, missing, query) {
      const found = await asking(path, client.one(resource, path, query))
      if (found === null) throw new Problem(missing)
      return found
    },
    control: (path, method, params) => asking(path, client.control(path, method, params)),
    yard: ask => asking('the request', ask(yardClient)),
    follow: (paths, options) => client.follow(paths, options),
  }
}

/** An upgrade that changes the database may take as long. */
const patienceMs = 300_000
const [firstPauseMs, longestPauseMs] = [250, 2_000]

/** The same, but asked again when it is away (a restart, an upgrade), for five minutes, or until the signal. What changes something is never sent twice. */
export function patient(remote: Remote, { clock, warn }: { clock: Clock; warn(line: string): void }, signal?: AbortSignal): Remote {
  const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
    const since = clock.monotonic()
    for (let tries = 0; ; tries++) {
      try {
        return await ask()
      } catch (error) {
        signal?.throwIfAborted()
        if (!(error instanceof Away) || clock.monotonic() - since >= patienceMs) throw error
        if (tries === 0) warn(`${error.message}; trying again`)
      }
      await clock.sleep(Math.min(firstPauseMs * 2 ** tries, longestPauseMs), signal)
    }
  }
  return {
    list: (...query) => patiently(() => remote.list(...query)),
    one: (...query) => patiently(() => remote.one(...query)),
    control: remote.control,
    yard: remote.yard,
    follow: remote.follow,
  }
}
