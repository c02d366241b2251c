import type { Json } from '@yardmaster/domain'
import type { Strikes } from '../faults.js'
import type { Account, World } from '../world.js'

/** A request that was let in. */
export type Call = {
  world: World
  account: Account
  params: { [name: string]: string }
  query: URLSearchParams
  body: Json | undefined
  strikes: Strikes
  /** Where the caller reaches us: http://host:port. */
  origin: string
}

export type Answer = {
  status: number
  body?: Json
  /** Of a list, before limit and offset. */
  total?: number
  /** Tokens are written without spaces, and their type without a charset. */
  compact?: boolean
}

export type Handler = (call: Call) => Answer | Promise<Answer>

export const ok = (body: Json): Answer => ({ status: 200, body })
export const created = (body: Json): Answer => ({ status: 201, body })
export const accepted = (body: Json): Answer => ({ status: 202, body })
export const noContent: Answer = { status: 204 }

/** Largest page that is answered when one is asked for. */
const largestPage = 100

/** What limit and offset leave of a list, and how long it was. */
export function page<T>(items: readonly T[], query: URLSearchParams): { items: T[]; total: number } {
  const number = (name: string) => {
    const given = query.get(name)
    return given !== null && /^\d+$/.test(given) ? Number(given) : null
  }
  const offset = number('offset') ?? 0
  const limit = number('limit')
  return { items: items.slice(offset, limit === null ? undefined : offset + Math.min(limit, largestPage)), total: items.length }
}

/** A parameter of the path. */
export function param({ params }: Call, name: string): string {
  const value = params[name]
  if (value === undefined) throw new Error(`the route has no parameter ${name}`)
  return value
}
