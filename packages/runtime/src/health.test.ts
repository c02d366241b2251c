import { afterEach, expect, test } from 'vitest'
import { manualClock } from './clock.js'
import { startHealth, type HealthCheck, type HealthServer } from './health.js'
import { createRegistry } from './metrics.js'

const servers: HealthServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function started(checks: { [name: string]: HealthCheck }) {
  const clock = manualClock()
  const server = await startHealth({ host: '127.0.0.1', port: 0, checks, registry: createRegistry({ role: 'engine' }), clock })
  servers.push(server)
  return { clock, get: (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`) }
}

test('alive and ready', async () => {
  const { get } = await started({ database: () => true, bus: async () => true })
  expect((await get('/healthz')).status).toBe(200)
  const ready = await get('/readyz?verbose')
  expect(ready.status).toBe(200)
  expect(await ready.json()).toEqual({ ready: true, checks: { database: 'ok', bus: 'ok' } })
  expect((await get('/other')).status).toBe(404)
})

test('each check that fails is named', async () => {
  const { get } = await started({ database: () => Promise.reject(new Error('refused')), bus: () => false, fine: () => true, broken: () => { throw new Error('at once') } })
  const ready = await get('/readyz')
  expect(ready.status).toBe(503)
  expect(await ready.json()).toEqual({ ready: false, checks: { database: 'failed: refused', bus: 'not ready', fine: 'ok', broken: 'failed: at once' } })
})

test('a check that does not answer does not keep the answer waiting', async () => {
  let asked = () => {}
  const whenAsked = new Promise<void>(resolve => { asked = resolve })
  const { get, clock } = await started({ database: () => { asked(); return new Promise(() => {}) } })
  const answer = get('/readyz')
  await whenAsked
  await clock.advance(2000)
  expect(await (await answer).json()).toEqual({ ready: false, checks: { database: 'no answer' } })
})

test('metrics carry the process labels', async () => {
  const { get } = await started({})
  const text = await (await get('/metrics')).text()
  expect(text).toMatch(/nodejs_eventloop_lag_seconds\{role="engine"\}/)
})

test('a taken port is told', async () => {
  const taken = await startHealth({ host: '127.0.0.1', port: 0, checks: {}, registry: createRegistry(), clock: manualClock() })
  servers.push(taken)
  await expect(startHealth({ host: '127.0.0.1', port: taken.port, checks: {}, registry: createRegistry(), clock: manualClock() })).rejects.toThrow('EADDRINUSE')
})
