import { allRoutes, type Route } from '@yardmaster/rest'
import { z } from 'zod'
import { knownCaller, anyCaller, refused, type Answers, type Operation, type Parameter, type Paths } from './operation.js'
import type { SchemaBook } from './schema-book.js'

const prefix = '/api/yard/v1'

/** The paths of our own API, from the declarations that it is served by. */
export function ownPaths(book: SchemaBook): Paths {
  const paths: Paths = {}
  for (const route of allRoutes) {
    const path = `${prefix}${route.path}`
    paths[path] = { ...paths[path], [route.method]: operationOf(route, book) }
  }
  return paths
}

function operationOf(route: Route, book: SchemaBook): Operation {
  const { name, tag, summary, description, action, auth } = route
  const done = action === null ? [] : [`Rules and the audit log know it as \`${action.action}\` of \`${action.thing}\`.`]
  const parameters = [...parametersOf(route.params, 'path', book), ...parametersOf(route.query, 'query', book)]
  const told = [description, ...done].filter(text => text !== '').join('\n\n')
  return {
    operationId: name, tags: [tag], summary, ...(told !== '' && { description: told }), ...(parameters.length > 0 && { parameters }),
    ...bodyOf(route, book), responses: answersOf(route, book), security: auth === 'basic' ? [{ basic: [] }] : action === null ? anyCaller : knownCaller,
  }
}

function parametersOf(schema: z.ZodObject, place: Parameter['in'], book: SchemaBook): Parameter[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const zod = field as z.ZodType
    const { description = parameterWords[name] ?? '', ...found } = book.of(zod, 'input')
    return { name, in: place, required: place === 'path' || !(zod instanceof z.ZodOptional), description, schema: found, ...(found.type === 'array' && { style: 'form' as const, explode: false }) }
  })
}

/** Of parameters that mean the same wherever they are. */
const parameterWords: { readonly [name: string]: string | undefined } = {
  limit: 'How many at most; 100 unless it is said.', before: "The `next` of the page before: those that follow it.", state: 'Only those in one of these states.',
  pool: "Its name or number.", worker: 'Its name or number.', builder: 'Its name or number.', scheduler: 'Its name or number.', source: 'Its name or number.',
  build: 'Number of the row: `buildid`.', buildrequest: 'Number of the row: `buildrequestid`.', buildset: 'Number of the row: `buildsetid`.', request: 'Number of the row: `buildrequestid`.',
  delivery: 'Its number.', instance: 'Its number.', notification: 'Its number.', replica: 'Its number.',
  hook: 'Only those of this hook.', event: "Only those of this event, by the host's name.", repository: 'Only those of this repository.', reporter: 'Only those of this reporter.', target: 'Only those to this target.',
  open: 'Only those of which something may be left.', all: 'Those that have ended, or are of others, too.',
  name: 'Its name.', token: 'Its number.', actor: 'Only what this one did: `user:NAME` or `token:NAME`.', action: 'The name of the action.', thing: 'The table of what it is done to.', id: 'Number of the row that it is done to.', outcome: 'Only what was done, or only what was refused.',
}

function bodyOf({ method, body, bodyLimit }: Route, book: SchemaBook): Pick<Operation, 'requestBody'> {
  if (method !== 'post' && method !== 'put') return {}
  const schema = book.of(body, 'input')
  const required = !body.safeParse({}).success
  return { requestBody: { description: `At most ${bodyLimit}.`, required, content: { 'application/json': { schema } } } }
}

function goodAnswer(route: Route, book: SchemaBook): Answers[string] {
  if (route.status === 302) return { description: '`Location` says where it is.' }
  if (route.content !== 'application/json') return { description: 'The file.', content: { [route.content]: { schema: {} } } }
  return { description: route.status === 202 ? 'It is begun.' : route.action === null ? 'As asked.' : 'It is done.', content: { 'application/json': { schema: book.of(route.answer, 'output') } } }
}

function answersOf(route: Route, book: SchemaBook): Answers {
  const own = Object.entries(route.errors).map(([status, description]): [string, Answers[string]] => [status, { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } }])
  const takesBody = route.method === 'post' || route.method === 'put'
  const usual = refused(400, 401, 403, ...(Object.keys(route.params.shape).length > 0 ? [404] : []), 429, 503)
  return {
    [route.status]: goodAnswer(route, book),
    ...usual, ...(takesBody && { 413: { $ref: '#/components/responses/TooLarge' }, 415: { $ref: '#/components/responses/NotJson' } }), ...Object.fromEntries(own),
  }
}
