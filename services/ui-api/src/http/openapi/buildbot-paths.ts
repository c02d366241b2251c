import { operators, type Field } from '@yardmaster/rest'
import { z } from 'zod'
import { controls, type Controlled } from '../../do/controls.js'
import type { Endpoint } from '../resources/endpoint.js'
import { endpoints } from '../resources/index.js'
import { anyCaller, knownCaller, refused, type Operation, type Parameter, type Paths } from './operation.js'
import type { JsonSchema, SchemaBook } from './schema-book.js'

const prefix = '/api/v2'
export const buildbotTag = { name: 'buildbot', description: "Buildbot's REST API v2, as its clients know it", summary: 'Buildbot v2' }

/** The paths of Buildbot's API, from the table that they are served by. */
export function buildbotPaths(book: SchemaBook): Paths {
  const paths: Paths = {}
  const named = new Set<string>()
  for (const endpoint of endpoints) {
    if (endpoint.path.includes('*')) continue
    const path = templateOf(endpoint.path)
    paths[path] = { get: reading(endpoint, path, { book, named }) }
  }
  for (const controlled of controls) {
    const path = templateOf(controlled.path)
    paths[path] = { ...paths[path], post: control(controlled, path, named) }
  }
  return paths
}

const templateOf = (path: string) => `${prefix}${path}`.replaceAll(/:(\w+)/g, '{$1}')

/** From its path, e.g. buildersByBuilderBuilds. */
function operationName(verb: string, path: string, named: Set<string>): string {
  const words = path.slice(prefix.length).split('/').filter(word => word !== '')
  const name = [verb, ...words.map(word => (word.startsWith('{') ? `By_${word.slice(1, -1)}` : word))].map((word, index) => (index === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join('')
  if (named.has(name)) throw new Error(`two operations of Buildbot's API are named ${name}`)
  named.add(name)
  return name
}

function reading({ type, kind, paged = false }: Endpoint, path: string, { book, named }: { book: SchemaBook; named: Set<string> }): Operation {
  const several = kind === 'collection'
  const fields = Object.entries(type.fields).filter(([, { kind: of }]) => of !== 'structure')
  return {
    operationId: operationName('get', path, named), tags: [buildbotTag.name], summary: several ? `The ${type.plural} at ${path.slice(prefix.length)}` : `The ${type.name} at ${path.slice(prefix.length)}`,
    ...(several && { description: `Each field is a filter too: \`FIELD=VALUE\`, or \`FIELD__OP=VALUE\` with one of ${operators.map(op => `\`${op}\``).join(', ')}. \`meta.total\` says how many there are without \`limit\` and \`offset\`.` }),
    parameters: [...pathParameters(path), ...(several || paged ? paging : []), ...(several ? [orderOf(fields.map(([name]) => name)), selection(Object.keys(type.fields)), ...fields.map(filterOf(book))] : [])],
    responses: { 200: { description: 'As asked.', content: { 'application/json': { schema: answerOf({ type, kind }, book) } } }, ...refused(400, 401, 403, 404, 429, 503) },
    security: anyCaller,
  }
}

const pathParameters = (path: string): Parameter[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
  name, in: 'path', required: true, description: pathWords[name] ?? (name.endsWith('id') ? `Number of the ${name.replace(/id$/, '')}.` : `The ${name}: its number, or its name.`), schema: { type: 'string' },
}))

const pathWords: { readonly [name: string]: string | undefined } = { number: 'Number within what it is part of.', slug: 'Slug of the log.', step: 'Number or name of the step.' }

const count = (name: string, description: string): Parameter => ({ name, in: 'query', required: false, description, schema: { type: 'integer', minimum: 0 } })
const paging = [count('limit', 'How many at most.'), count('offset', 'How many are left out first.')]

const orderOf = (names: string[]): Parameter => ({
  name: 'order', in: 'query', required: false, description: 'Fields to order by, a `-` before those that fall.', style: 'form', explode: true,
  schema: { type: 'array', items: { type: 'string', enum: names.flatMap(name => [name, `-${name}`]) } },
})

const selection = (names: string[]): Parameter => ({
  name: 'field', in: 'query', required: false, description: 'The only fields to answer.', style: 'form', explode: true, schema: { type: 'array', items: { type: 'string', enum: names } },
})

const filterOf = (book: SchemaBook) => ([name, { schema, list }]: [string, Field]): Parameter => ({
  name, in: 'query', required: false, description: list ? `Only those that have this among their ${name}.` : `Only those with this ${name}.`, schema: list ? { type: 'string' } : book.of(schema, 'output'),
})

function answerOf({ type, kind }: Pick<Endpoint, 'type' | 'kind'>, book: SchemaBook): JsonSchema {
  const name = `Buildbot${type.name[0]!.toUpperCase()}${type.name.slice(1)}`
  const named = book.of(type.schema.meta({ id: name, description: `A ${type.name}, as Buildbot's API has it. Times are epoch seconds.` }), 'output')
  return {
    type: 'object', required: [type.plural, 'meta'],
    properties: { [type.plural]: { type: 'array', items: named }, meta: { type: 'object', properties: kind === 'collection' ? { total: { type: 'integer' } } : {} } },
  }
}

function control({ actions, limit = '1mb' }: Controlled, path: string, named: Set<string>): Operation {
  const methods = Object.keys(actions)
  return {
    operationId: operationName('control', path, named), tags: [buildbotTag.name], summary: `${methods.join(', ')}: control actions at ${path.slice(prefix.length)}`,
    description: `JSON-RPC 2.0, at most ${limit}. Rules and the audit log know the action by its name.`, parameters: pathParameters(path),
    requestBody: { required: true, content: { 'application/json': { schema: { allOf: [{ $ref: '#/components/schemas/Call' }, { properties: { method: { enum: methods } } }] } } } },
    responses: {
      200: { description: 'It is done.', content: { 'application/json': { schema: { $ref: '#/components/schemas/CallAnswer' } } } },
      ...Object.fromEntries(Object.entries({ 400: 'It is no call, or its parameters are wrong.', 403: 'Who asks may not.', 404: 'What the path names is not there.', 501: 'There is no such action.' })
        .map(([status, description]) => [status, { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/CallRefusal' } } } }])),
    },
    security: knownCaller,
  }
}

const id = z.union([z.string(), z.number(), z.null()])
export const rpcSchemas = {
  call: z.object({ jsonrpc: z.literal('2.0'), method: z.string(), id, params: z.record(z.string(), z.json()) })
    .meta({ id: 'Call', description: 'A call of JSON-RPC 2.0.', examples: [{ jsonrpc: '2.0', method: 'stop', id: 1, params: { reason: 'wrong branch' } }] }),
  answer: z.object({ jsonrpc: z.literal('2.0'), id, result: z.json() }).meta({ id: 'CallAnswer', description: "The action's result." }),
  refusal: z.object({ jsonrpc: z.literal('2.0'), id, error: z.object({ code: z.number(), message: z.union([z.string(), z.record(z.string(), z.string())]) }) })
    .meta({ id: 'CallRefusal', description: 'Why it was not done; of a form that was filled in wrongly a message per field.' }),
}
