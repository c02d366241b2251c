import { transaction } from '@yardmaster/db'
import { cancelDrain, requestDrain } from '@yardmaster/db/verbs/request-drain'
import { SUCCESS } from '@yardmaster/domain'
import { createLogger, systemClock } from '@yardmaster/runtime'
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { anEngine, begun, configured, ended, ONE, rows, server, world } from '../testing/step-world.js'
import type { TestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'
import { Drain } from './drain.js'

const logger = createLogger({ name: 'test', level: 'silent' })

function drainOf({ fence, pool, runs }: TestEngine): Drain {
  return new Drain({ db: world.db, fence, clock: systemClock(), logger, lifecycle: { stop: () => {}, orphaned: false }, pool, runs, deadlineSeconds: undefined })
}

/** Answers when the test does. */
async function patientServer(): Promise<{ url: string; asked: ServerResponse[] }> {
  const asked: ServerResponse[] = []
  const { url } = await server(response => { asked.push(response) })
  return { url, asked }
}

test.each([
  ['a request that may not be sent again', (url: string) => `await ctx.http({ url: '${url}', method: 'POST' }); await ctx.http({ url: '${url}/next', method: 'POST' })`],
  ['a function that is asked once', (url: string) => `await ctx.once('post', async () => { await fetch('${url}', { method: 'POST' }) }); await ctx.once('next', async () => { await fetch('${url}/next', { method: 'POST' }) })`],
])('a drain waits for %s, and lets no further one begin', async (_what, body) => {
  const { url, asked } = await patientServer()
  await configured(`async ctx => { ${body(url)} }`)
  const { engine: first } = await begun()
  await until('the first request', () => asked.length === 1)
  const drain = drainOf(first)
  await transaction(world.db, null, tx => requestDrain(tx, { replicaId: first.replicaId, actor: 'user:a', deadlineSeconds: null }))
  for (let times = 0; times < 3; times++) await drain.run()
  expect(first.pool.sessions()).toHaveLength(1)
  asked[0]!.end('{}')
  await until('the worker to be let go', async () => { await drain.run(); return first.pool.sessions().length === 0 })
  expect(asked).toHaveLength(1)
  const second = await anEngine()
  await new TestWorker(second.port, 'w1').hello(ONE)
  await until('the next request', () => asked.length === 2)
  asked[1]!.end('{}')
  expect(await ended()).toMatchObject({ results: SUCCESS })
  expect(asked).toHaveLength(2)
})

test('a drain that is called off lets go on what it held back', async () => {
  const { url, asked } = await patientServer()
  await configured(`async ctx => { await ctx.http({ url: '${url}', method: 'POST' }); await ctx.http({ url: '${url}', method: 'POST' }) }`)
  const { engine } = await begun()
  await until('the first request', () => asked.length === 1)
  const drain = drainOf(engine)
  await transaction(world.db, null, tx => requestDrain(tx, { replicaId: engine.replicaId, actor: 'user:a', deadlineSeconds: null }))
  await drain.run()
  asked[0]!.end('{}')
  await until('its end to be written', async () => (await rows('SELECT 1 FROM effects WHERE outcome IS NOT NULL')).length === 1)
  await transaction(world.db, null, tx => cancelDrain(tx, { replicaId: engine.replicaId }))
  await drain.run()
  await until('the second request', () => asked.length === 2)
  asked[1]!.end('{}')
  expect(await ended()).toMatchObject({ results: SUCCESS })
})
