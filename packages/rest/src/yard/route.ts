import { z } from 'zod'

/** What the documentation groups routes by, in its order. */
export const tags = {
  builds: 'Builds, and what was asked for',
  builders: 'Builders, forms and schedulers',
  changes: 'Changes and where they come from',
  workers: 'Workers and machines',
  reports: 'What was told to whom',
  configuration: 'Configurations, and what they would do',
  installation: 'The installation and its processes',
  access: 'Who asks, and what they may do',
} as const
export type Tag = keyof typeof tags

export const nothing = z.strictObject({})
type Nothing = typeof nothing

/** What an action is called in rules and in the audit log, and the table of what it is done to. */
export type RouteAction<Thing extends string = string, Name extends string = string> = { thing: Thing; action: Name }

/**
 * A route of `/api/yard/v1`, declared once: the server parses and answers by it, the client calls by it, and the OpenAPI document is made of it.
 * `params` are the path's `{names}`; a list in `query` may be given with commas or several times.
 */
export type Route<
  Params extends z.ZodObject = z.ZodObject, Query extends z.ZodObject = z.ZodObject, Body extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType,
  Action extends RouteAction | null = RouteAction | null,
> = {
  /** Unique: the operation's id. */
  readonly name: string
  readonly method: 'get' | 'post' | 'put' | 'delete'
  readonly path: `/${string}`
  /** The parameter at the path's end that may have slashes. */
  readonly deep: string | null
  readonly tag: Tag
  readonly summary: string
  readonly description: string
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly answer: Answer
  /** Of a good answer: application/json, or the bytes of a file, which `answer` says nothing of. */
  readonly content: 'application/json' | 'application/octet-stream'
  /** Of a good answer. */
  readonly status: 200 | 202 | 302
  /** Refusals of its own, besides those that every route has: status -> when. */
  readonly errors: { readonly [status: number]: string }
  /** null: it only reads. */
  readonly action: Action
  /** basic: name and password of a try scheduler's user. */
  readonly auth: 'caller' | 'basic'
  readonly bodyLimit: string
}

type Given<Params, Query, Body, Answer, Action> = Pick<Route, 'name' | 'path' | 'tag' | 'summary'> & { params?: Params; query?: Query; body?: Body; answer: Answer; action?: Action } &
  Partial<Pick<Route, 'method' | 'deep' | 'content' | 'description' | 'status' | 'errors' | 'auth' | 'bodyLimit'>>

/** With what is usual: it is read, and takes nothing. */
export function route<
  Answer extends z.ZodType, Params extends z.ZodObject = Nothing, Query extends z.ZodObject = Nothing, Body extends z.ZodType = Nothing, const Action extends RouteAction | null = null,
>(given: Given<Params, Query, Body, Answer, Action>): Route<Params, Query, Body, Answer, Action> {
  const usual = { method: 'get', deep: null, content: 'application/json', params: nothing, query: nothing, body: nothing, description: '', status: 200, errors: {}, action: null, auth: 'caller', bodyLimit: '1mb' } as const
  return { ...usual, ...given } as unknown as Route<Params, Query, Body, Answer, Action>
}

/** A row's number in a path. */
export const rowId = z.coerce.number<number | string>().int().min(1).max(Number.MAX_SAFE_INTEGER)
/** A row's number or its name in a path. */
export const idOrName = z.coerce.string<string | number>()
/** Of what is looked for: the database takes no NUL. */
export const searched = z.string().max(4_000).refine(text => !text.includes('\0'), 'a name has no NUL character')
export const wholeNumber = z.coerce.number<number | string>().int()
/** Epoch seconds that are asked for: of the database's times, those that anybody means. */
export const moment = z.coerce.number<number | string>().min(0).max(253_402_300_799)
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform(text => text === 'true')])
export const limit = z.coerce.number<number | string>().int().min(1).max(1_000)
