import type { Json } from '@yardmaster/domain'
import { createClient, RestError, type Query, type ResourceType } from '@yardmaster/rest'
import { z } from 'zod'
import { errorCode, messageOf, Problem } from './problem.js'

/** A running Yardmaster, asked by REST. Whatever goes wrong is a {@link Problem}. */
export type Remote = {
  list<T>(resource: ResourceType<T>, path: string, query?: Query): Promise<T[]>
  /** The first one; `missing` is told when there is none. */
  one<T>(resource: ResourceType<T>, path: string, missing: string, query?: Query): Promise<T>
  control(path: string, method: string, params: { [name: string]: Json }): Promise<Json>
}

/** `{ branch: 'required' }`, as a force scheduler answers, becomes `branch: required`. */
function refusal({ message, fields, status }: RestError): string {
  if (fields === null) return `${message} (HTTP ${status})`
  return Object.entries(fields).map(([field, text]) => `${field}: ${text}`).join('; ')
}

function problem(base: string, path: string, error: unknown): Problem {
  if (error instanceof RestError) return new Problem(`${base} refused ${path}: ${refusal(error)}`, { cause: error })
  if (error instanceof z.ZodError) return new Problem(`${base} answered ${path} in an unknown form (is it of another version?):\n${z.prettifyError(error)}`, { cause: error })
  if (error instanceof SyntaxError) return new Problem(`${base} answered ${path} with something other than JSON: is this a Yardmaster?`, { cause: error })
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const reason = errorCode(cause) === 'ECONNREFUSED' ? 'connection refused' : errorCode(cause) ?? messageOf(cause)
  return new Problem(`no Yardmaster answers at ${base} (${reason}): start one with "yard up", or name its address with --url or YARD_PORT`, { cause: error })
}

/** The Yardmaster whose web page is at `base`, given without a slash at its end. */
export function connectRemote(base: string): Remote {
  const client = createClient({ baseUrl: base })
  const asking = async <T>(path: string, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw problem(base, path, error)
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
  }
}
