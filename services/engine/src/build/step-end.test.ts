import type { ServerResponse } from 'node:http'
import { CANCELLED, EXCEPTION, SUCCESS } from '@yardmaster/domain'
import { expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { begun, configured, effectsEnded, end, ended, engines, print, resumed, rows, server, started, stepText, takenOver, world } from '../testing/step-world.js'
import { ask } from '../testing/test-engine.js'

test('what a step began and did not wait for ends before the next step begins', async () => {
  await configured(`async ctx => { void ctx.command('left').catch(() => {}); await ctx.command('quick'); throw new Error('enough') }, steps.shell({ name: 'next', command: 'y', alwaysRun: true })`)
  const { worker } = await begun()
  const [left, quick] = await started(worker, 2) as [string, string]
  end(worker, quick)
  await until('the command to be interrupted', () => worker.of('interrupt').some(({ command }) => command === left))
  expect(worker.of('start')).toHaveLength(2)
  end(worker, left)
  end(worker, (await started(worker, 3))[2]!)
  expect(await ended()).toMatchObject({ results: EXCEPTION })
  expect(await stepText()).toContain('Error: enough')
})

test('a stop ends what a step had begun before a replay, and only then cleans up', async () => {
  await configured(`async ctx => { await ctx.command('x') }, steps.shell({ name: 'cleanup', command: 'y', alwaysRun: true })`)
  const { engine, worker } = await begun()
  const [command] = await started(worker) as [string]
  await rows(`UPDATE builds SET stop_requested_at = now(), stop_reason = 'enough'`)
  const again = await takenOver(engine, [command])
  const [cleanup] = await started(again) as [string]
  expect(again.received.findIndex(message => message.type === 'decide' && message.kill.includes(command))).toBeGreaterThan(-1)
  expect(again.received.findIndex(message => message.type === 'decide' && message.kill.includes(command))).toBeLessThan(again.received.findIndex(message => message.type === 'start'))
  end(again, cleanup)
  expect(await ended()).toMatchObject({ results: CANCELLED })
})

test('a request that is under way when another step spins on the same thread is not given up', async () => {
  const waiting: ServerResponse[] = []
  const { url, requests } = await server(response => { waiting.push(response) })
  await configured(`async ctx => { const { status } = await ctx.http({ url: '${url}/', method: 'POST' }); await ctx.setProperty('status', status) }`, 'async ctx => { await ctx.now(); for (;;); }')
  const { engine } = await begun()
  await until('the request', () => waiting.length === 1)
  await ask(world, 'child')
  await engine.claim()
  await until('the spinning build to end', async () => (await rows(`SELECT 1 FROM builds WHERE results = ${EXCEPTION}`)).length === 1)
  waiting[0]!.end('{}')
  await until('both to end', async () => (await rows('SELECT 1 FROM builds WHERE complete_at IS NULL')).length === 0)
  expect(await ended()).toMatchObject({ results: SUCCESS, properties: { status: [200, expect.anything()] } })
  expect(requests).toEqual(['POST /'])
})

test('a step whose engine dies just before its end is committed has said and set everything once', async () => {
  const slowly = `hideStepIf: () => new Promise(resolve => setTimeout(() => resolve(false), 100))`
  await configured(`steps.setPropertyFromCommand({ property: 'out', command: 'x', ${slowly} }), steps.setProperty({ property: 'n', value: props => props.property('n', 0) + 1, ${slowly} })`)
  const { engine, worker } = await begun()
  end(worker, (await started(worker))[0]!)
  await effectsEnded(1)
  const second = await takenOver(engine)
  await until('the first step to end', async () => (await rows('SELECT 1 FROM steps WHERE complete_at IS NOT NULL')).length === 1)
  await until('the second step to begin', async () => (await rows('SELECT 1 FROM steps WHERE started_at IS NOT NULL')).length === 2)
  await takenOver(engines.at(-1)!)
  expect(await ended()).toMatchObject({ results: SUCCESS, properties: { out: ['', expect.anything()], n: [1, expect.anything()] } })
  expect(second.of('start')).toEqual([])
  expect(await rows(`SELECT num_lines FROM logs WHERE name = 'property changes'`)).toEqual([{ num_lines: 1 }])
})

test('a secret that only a function named is masked by the engine that drives the build on, too', async () => {
  await configured(`async ctx => { await ctx.command(['login', util.secret('token')]) }, steps.shell({ name: 'next', command: 'y' })`)
  const { engine, worker } = await begun()
  end(worker, (await started(worker))[0]!)
  const next = (await started(worker, 2))[1]!
  const again = await takenOver(engine, [next])
  await resumed(again, 1)
  print(again, next, 1, 'it is hunter2')
  end(again, next, 2)
  expect(await ended()).toMatchObject({ results: SUCCESS })
  expect((await rows<{ content: Buffer }>('SELECT content FROM log_chunks')).map(({ content }) => content.toString())).toEqual(['oit is <token>\n'])
})

test('what a step wanted said of its build is said though another engine ends it', async () => {
  await configured(`async ctx => { ctx.summary({ build: 'all is well with hunter2' }); await ctx.secret('token'); ctx.summary({ step: 'fine' }) }, steps.shell({ name: 'next', command: 'y' })`)
  const { engine, worker } = await begun()
  const next = (await started(worker))[0]!
  const again = await takenOver(engine, [next])
  await resumed(again, 1)
  end(again, next)
  expect(await ended()).toMatchObject({ results: SUCCESS, state_string: 'all is well with <token>' })
})

test('a scheduler that somebody has disabled triggers nothing', async () => {
  await configured(`steps.trigger({ schedulerNames: ['u', 't'], waitForFinish: true })`)
  await rows(`UPDATE schedulers SET enabled = false WHERE name = 't'`)
  await begun()
  expect(await ended()).toMatchObject({ results: EXCEPTION })
  expect(await stepText()).toBe(`the scheduler 't' is disabled: enable it first`)
  expect(await rows('SELECT 1 FROM buildsets')).toHaveLength(1)
})
