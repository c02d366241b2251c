import type { JsonSchema } from './schema-book.js'

export type Parameter = { name: string; in: 'path' | 'query'; required: boolean; description: string; schema: JsonSchema; explode?: boolean; style?: 'form' }
export type Answers = { [status: string]: { $ref: string } | { description: string; content?: { [type: string]: { schema: JsonSchema } } } }

/** An operation of OpenAPI 3.1. */
export type Operation = {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  parameters?: Parameter[]
  requestBody?: { description?: string; required: boolean; content: { [type: string]: { schema: JsonSchema; examples?: { [name: string]: { summary: string; value: unknown } } } } }
  responses: Answers
  security: Security
}
type Security = { [scheme: string]: string[] }[]
export type Paths = { [path: string]: { [method: string]: Operation } }

/** Refusals that every route has. */
export const refusals: { [status: number]: { name: string; description: string } } = {
  400: { name: 'BadRequest', description: 'The query or the body is not as declared: `error` says all that is wrong.' },
  401: { name: 'Unauthenticated', description: 'Who asks must be known for this: sign in, or send a token.' },
  403: { name: 'Forbidden', description: 'Who asks may not: `error` says which rule refuses it.' },
  404: { name: 'NotFound', description: 'What the path names is not there.' },
  429: { name: 'TooMany', description: 'Too many requests: `Retry-After` says when to try again.' },
  503: { name: 'Unavailable', description: 'The database cannot be reached: try again.' },
}

export const refused = (...statuses: number[]): Answers => Object.fromEntries(statuses.map(status => [String(status), { $ref: `#/components/responses/${refusals[status]!.name}` }]))

/** As a session's cookie or a token: either does, and where reading is open to all, none. */
export const anyCaller: Security = [{ session: [] }, { token: [] }, {}]
export const knownCaller: Security = [{ session: [] }, { token: [] }]
