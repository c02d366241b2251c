import { allRoutes } from '@yardmaster/rest'
import { validate } from '@readme/openapi-parser'
import { expect, it } from 'vitest'
import { endpoints } from '../resources/index.js'
import { openApiDocument } from './document.js'
import type { Operation } from './operation.js'

const document = openApiDocument({ version: '1.2.3', basePath: '/ci/' })
const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]))

it('is OpenAPI 3.1', async () => {
  expect(await validate(structuredClone(document) as never)).toEqual({ valid: true, warnings: [], specification: 'OpenAPI' })
  expect(document).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' }, servers: [{ url: '/ci' }] })
})

it('has every route of ours and every path of Buildbot\'s', () => {
  for (const { method, path } of allRoutes) expect(document.paths[`/api/yard/v1${path}`]).toHaveProperty(method)
  for (const { path } of endpoints.filter(endpoint => !endpoint.path.includes('*'))) expect(Object.keys(document.paths)).toContain(`/api/v2${path.replaceAll(/:(\w+)/g, '{$1}')}`)
})

it('is documentation: every operation, parameter, answer and named schema is described, and named once', () => {
  expect(new Set(operations.map(([, { operationId }]) => operationId)).size).toBe(operations.length)
  const tags = document.tags.map(({ name }) => name)
  const silent = operations.flatMap(([name, { summary, tags: [tag = ''], parameters = [], responses }]) => [
    ...(summary.length < 5 || summary.endsWith('.') ? [`${name}: summary`] : []), ...(tags.includes(tag) ? [] : [`${name}: tag ${tag}`]),
    ...parameters.filter(({ description }) => description.length < 5).map(parameter => `${name}: parameter ${parameter.name}`),
    ...Object.entries(responses).filter(([, answer]) => 'description' in answer && answer.description.length < 5).map(([status]) => `${name}: ${status}`),
  ])
  const nameless = Object.entries(document.components.schemas).filter(([, { description = '' }]) => description.length < 4).map(([name]) => name)
  expect([...silent, ...nameless, ...document.tags.filter(({ description }) => description === '')]).toEqual([])
})

it('every reference leads somewhere, and everything that is named is used', () => {
  const text = JSON.stringify(document)
  const referred = new Set([...text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)].map(([, kind, name]) => `${kind}/${name}`))
  const there = (['schemas', 'responses'] as const).flatMap(kind => Object.keys(document.components[kind]).map(name => `${kind}/${name}`))
  expect([...referred].sort()).toEqual(there.sort())
})

it('the same stands in one place: a worker is referred to, a request body is what a client sends', () => {
  expect(document.paths['/api/yard/v1/workers']?.get?.responses['200']).toMatchObject({ content: { 'application/json': { schema: { properties: { workers: { items: { $ref: '#/components/schemas/Worker' } } } } } } })
  expect(document.components.schemas['CancelBody']).toMatchObject({ properties: { reason: { default: 'no reason' } }, additionalProperties: false })
  expect(document.components.schemas['CancelBody']).not.toHaveProperty('required')
  expect(document.components.schemas['Worker']).not.toHaveProperty('additionalProperties')
  expect(document.paths['/api/yard/v1/instances']?.get?.parameters?.find(({ name }) => name === 'state')).toMatchObject({ explode: false, schema: { items: { enum: expect.arrayContaining(['ready']) as unknown } } })
})
