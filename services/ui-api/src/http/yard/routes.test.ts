import { allRoutes, routes } from '@yardmaster/rest'
import { Router, type IRouter } from 'express'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'
import type { Deps } from '../../deps.js'
import { yardRoutes } from './routes.js'
import { expressPath, serve } from './serve.js'

let api: TestApi
beforeAll(async () => { api = await startApi(aConfiguration()) })
afterAll(() => api?.close())

const json = { 'content-type': 'application/json' }
const ask = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${api.url}/api/yard/v1${path}`, init)
  return { status: response.status, headers: response.headers, body: await response.text().then(text => (text === '' ? null : JSON.parse(text) as unknown)) }
}

it('every declaration has a name of its own, and its path has all of its parameters', () => {
  expect(new Set(allRoutes.map(({ name }) => name)).size).toBe(allRoutes.length)
  expect(new Set(allRoutes.map(({ method, path }) => `${method} ${path}`)).size).toBe(allRoutes.length)
  for (const { path, params } of allRoutes) expect([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)).toEqual(Object.keys(params.shape))
})

it('tells what there is', async () => {
  const { status, body } = await ask('/')
  expect(status).toBe(200)
  expect(body).toMatchObject({ rootlinks: expect.arrayContaining([{ name: 'workers' }, { name: 'plan' }]) as unknown })
})

it('refuses in one form whatever is wrong, and says all that is', async () => {
  expect(await ask('/nonsense')).toMatchObject({ status: 404, body: { error: 'not found: there is no /nonsense' } })
  expect(await ask('/buildrequests/abc')).toMatchObject({ status: 404, body: { error: expect.stringContaining('buildrequest') as string } })
  const query = await ask('/instances?limit=0&state=ready,blue&color=red')
  expect(query.status).toBe(400)
  for (const word of ['limit', 'state[1]', 'color']) expect(JSON.stringify(query.body)).toContain(word)
  expect(await ask('/replicas?all=true&all=false')).toMatchObject({ status: 400 })
  expect(await ask('/workers/w1/pause', { method: 'POST', headers: json, body: '{"reason": 7, "more": 1}' })).toMatchObject({ status: 400, body: { error: expect.stringMatching(/more[^]*reason|reason[^]*more/) as string } })
  expect(await ask('/workers/w1/pause', { method: 'POST', headers: json, body: '{' })).toMatchObject({ status: 400, body: { error: expect.any(String) as string } })
  expect(await ask('/workers/w1/pause', { method: 'POST', headers: json, body: JSON.stringify({ reason: 'x'.repeat(2_000_000) }) })).toMatchObject({ status: 413, body: { error: expect.any(String) as string } })
  expect(await ask('/workers/w1/pause', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' })).toMatchObject({ status: 415, body: { error: expect.any(String) as string } })
})

it('says which methods a path has', async () => {
  const refused = await ask('/workers/w1/pause')
  expect(refused).toMatchObject({ status: 405, body: { error: '/workers/{worker}/pause has no GET, but POST' } })
  expect(refused.headers.get('allow')).toBe('POST')
  expect((await fetch(`${api.url}/api/yard/v1/replicas/1/drain`, { method: 'OPTIONS' })).headers.get('allow')).toBe('DELETE, POST')
  expect(await ask('/workers', { method: 'DELETE' })).toMatchObject({ status: 405 })
  expect((await fetch(`${api.url}/api/yard/v1/workers`, { method: 'HEAD' })).status).toBe(200)
})

it('serves every route that is declared: none is refused as unknown, or by its method', async () => {
  for (const { method, path, params } of allRoutes) {
    const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (params.shape[name] instanceof z.ZodNumber ? '4711' : 'nobody'))
    const { status, body } = await ask(address, { method: method.toUpperCase(), headers: json, ...(method === 'post' && { body: '{}' }) })
    expect([path, status, status === 404 ? body : null]).not.toEqual([path, 404, { error: `not found: there is no ${address}` }])
    expect([path, status]).not.toEqual([path, 405])
    expect([path, status < 500]).toEqual([path, true])
  }
})

it('declares every route that is served', () => {
  const served = pathsOf(yardRoutes({} as Deps))
  expect(served).toContain('/workers/:worker/pause')
  expect(served.filter(path => !allRoutes.some(route => expressPath(route) === path))).toEqual([])
})

/** Of a router and all that it uses: a route that is mounted below a path of its own has not the whole. */
const pathsOf = ({ stack }: IRouter): string[] => stack.flatMap(({ route, handle }) => (route ? [route.path] : 'stack' in handle ? pathsOf(handle as unknown as IRouter) : []))

it('an answer that is not as declared is not sent by tests', async () => {
  const handlers: IRouter = Router()
  serve(handlers, { checkAnswers: true }, routes.locks.list, () => JSON.parse('{"locks": [], "more": 1}') as { locks: [] })
  expect(handlers.stack.map(({ route }) => route?.path)).toEqual(['/locks'])
  await expect(handlers.stack[0]!.route!.stack[0]!.handle({ params: {}, originalUrl: '/locks' } as never, {} as never, () => {})).rejects.toThrow('listLocks answers more than is declared')
})
