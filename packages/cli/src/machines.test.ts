import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Instance, Pool } from '@yardmaster/rest'
import { manualClock, systemRandom } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { machineState, poolState } from './commands/machines.js'
import { runCommandLine } from './program.js'

const now = 1_000_000
const instance: Instance = {
  id: 17, pool: 'big', workerId: 5, worker: 'big-1', attempt: 3, provider: 'upcloud', generationId: 1, state: 'ready', desired: 'running', observed: 'running', operation: null, unsureSince: null, tries: 0, retryAt: null,
  connected: true, builds: 1, uses: 4, zone: 'de-fra1', plan: '1xCPU-1GB', externalId: '00b1', storages: [], address: '10.0.0.1', detail: 'started', reason: '2 builds wait', retireReason: null, endReason: null, failure: null,
  price: { perHour: 0.02, currency: 'EUR', period: 3600 }, cost: 0.04, requestedAt: now - 4000, createdAt: now - 3990, startedAt: now - 3960, connectedAt: now - 3950, idleSince: null, observedAt: now, condemnedAt: null, goneAt: null,
}
const pool: Pool = {
  id: 1, name: 'big', active: true, workers: [5], waiting: 3, building: 1, idle: 0, machines: { requested: 0, creating: 1, booting: 1, ready: 1, removing: 1 }, failures: 0, backoff: null, alert: null, paused: null, obstacle: null,
  configured: { provider: 'upcloud', min: 0, max: 10, warm: 0, buildWaitTimeout: 600, missingTimeout: 1200, maxUses: null, maxAge: null, zones: [], plans: [], scaleIn: 'idle' },
  lastFailure: null, price: instance.price, spent: { today: 1.5, since: 0, currency: 'EUR' }, cap: { amount: 5, timeZone: 'UTC', running: 'retry' }, boot: { machines: 9, created: { p50: 1, p90: 1, p99: 1 }, started: { p50: 30, p90: 40, p99: 50 }, connected: { p50: 45, p90: 60, p99: 70 } },
}

test.each<[Partial<Instance>, string]>([
  [{}, 'ready for 1 h 5 min, building 1'],
  [{ builds: 0 }, 'ready for 1 h 5 min, idle'],
  [{ state: 'creating', unsureSince: now, tries: 2 }, 'creating for 1 h 6 min, looked for, 2 failed tries'],
  [{ state: 'removing', condemnedAt: now - 20, observed: 'error', failure: { class: 'retry', message: 'x' } }, 'removing for 20 s, in error, failed'],
  [{ state: 'gone', goneAt: now - 60 }, 'gone 1 min 0 s ago'],
  [{ state: 'requested', tries: 1 }, 'requested for 1 h 6 min, 1 failed try'],
])('%j is told as %s', (more, expected) => {
  expect(machineState({ ...instance, ...more }, now)).toBe(expected)
})

test.each<[Partial<Pool>, string]>([
  [{}, 'ok'],
  [{ paused: { reason: null }, alert: { reason: 'no credits', since: 0 } }, 'paused, stopped: no credits'],
  [{ obstacle: { reason: 'pool big has reached its daily cap', until: null } }, 'starts nothing: pool big has reached its daily cap'],
  [{ backoff: { until: now + 90, reason: 'a quota' } }, 'backing off for 1 min 30 s: a quota'],
])('a pool with %j is %s', (more, expected) => {
  expect(poolState({ ...pool, ...more }, now)).toBe(expected)
})

const servers: Server[] = []
afterEach(() => { for (const server of servers.splice(0)) server.close() })

async function yardmaster(answers: { [path: string]: object }) {
  const asked: { path: string; body: unknown }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => { body += chunk })
    request.on('end', () => {
      const path = request.url ?? ''
      asked.push({ path, body: body === '' ? null : JSON.parse(body) })
      response.writeHead(answers[path] ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answers[path] ?? { error: `no ${path}` }))
    })
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const [out, err]: [string[], string[]] = [[], []]
  const context = { env: {}, clock: manualClock(now * 1000), random: systemRandom(), print: (line: string) => out.push(line), warn: (line: string) => err.push(line), colours: false, onSignal: () => () => undefined }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, out, err, run: (...args: string[]) => runCommandLine([...args, '--url', url], context) }
}

const yard = '/api/yard/v1'
const cells = (lines: string[]) => lines.map(line => line.split(/ {2,}/))

test('machines are a table, or JSON; those that are gone only when asked for', async () => {
  const { run, out, err, asked } = await yardmaster({ [`${yard}/instances?limit=1&open=true`]: { instances: [instance], next: 17 }, [`${yard}/instances?limit=100&open=true`]: { instances: [instance], next: null }, [`${yard}/instances?state=gone&limit=5&pool=big&open=false`]: { instances: [], next: null } })
  expect(await run('instances')).toBe(0)
  expect(cells(out)).toEqual([['ID', 'POOL', 'WORKER', 'STATE', 'ZONE', 'PLAN', 'BUILDS', 'COST', 'WHY'],
    ['17', 'big', 'big-1', 'ready for 1 h 5 min, building 1', 'de-fra1', '1xCPU-1GB', '4', '0.0400 EUR', '2 builds wait']])
  out.length = 0
  expect(await run('instances', '--json')).toBe(0)
  expect(JSON.parse(out.join('\n'))).toEqual([instance])
  expect(await run('instances', '--pool', 'big', '--state', 'gone', '--limit', '5')).toBe(0)
  expect(out.at(-1)).toBe('no machine is like that')
  expect(err).toEqual([])
  expect(await run('instances', '--limit', '1')).toBe(0)
  expect(err).toEqual(['there are more: these are the newest 1 (--limit)'])
  expect(asked).toHaveLength(4)
})

test('a machine is shown, and stopped', async () => {
  const build = { buildid: 1, builderid: 1, builder: 'b1', number: 7, results: 0, startedAt: now - 100, completeAt: now - 40, cost: 0.01 }
  const { run, out, asked } = await yardmaster({ [`${yard}/instances/17`]: { instance, builds: [build] }, [`${yard}/instances/17/stop`]: { instance, builds: [] } })
  expect(await run('instance', 'show', '17')).toBe(0)
  expect(out).toEqual([
    'instance 17', '  worker    big-1, attempt 3 (pool big, upcloud)', '  state     ready for 1 h 5 min, building 1 (wanted running, seen running "started")', '  machine   00b1, 10.0.0.1, de-fra1, 1xCPU-1GB',
    '  why       2 builds wait', '  builds    4', '  cost      0.0400 EUR (0.0200 EUR an hour, by the hour)', '  requested 1 h 6 min ago', '  created   1 h 6 min ago, 10 s after it was asked for',
    '  running   1 h 6 min ago, 40 s after it was asked for', '  connected 1 h 5 min ago, 50 s after it was asked for', '  built     b1/7 for 1 min 0 s, 0.0100 EUR',
  ])
  out.length = 0
  expect(await run('instance', 'stop', '17', '--reason', 'too dear')).toBe(0)
  expect(await run('instance', 'stop', '17', '--now')).toBe(0)
  expect(asked.slice(1).map(({ body }) => body)).toEqual([{ reason: 'too dear' }, { now: true }])
  expect(out).toEqual(['instance 17 is removed once it has no build', 'instance 17 is removed once it has no build'])
})

test('pools are a table; they are paused and resumed by name', async () => {
  const { run, out, err, asked } = await yardmaster({ [`${yard}/pools`]: { pools: [pool] }, [`${yard}/pools/1/pause`]: { pool }, [`${yard}/pools/1/clear-alert`]: { pool } })
  expect(await run('pools')).toBe(0)
  expect(cells(out)).toEqual([['POOL', 'PROVIDER', 'MACHINES', 'BUILDING', 'COMING', 'GOING', 'WAITING', 'TODAY', 'BOOT', 'STATE'], ['big', 'upcloud', '3/10', '1', '2', '1', '3', '1.50/5 EUR', '45 s', 'ok']])
  out.length = 0
  expect(await run('pool', 'pause', 'big', '--reason', 'the bill')).toBe(0)
  expect(await run('pool', 'clear-alert', 'big')).toBe(0)
  expect(out).toEqual(['big is paused', 'big starts machines again'])
  expect(asked.filter(({ body }) => body !== null).map(({ body }) => body)).toEqual([{ reason: 'the bill' }, {}])
  expect(await run('pool', 'resume', 'bog')).toBe(1)
  expect(err).toEqual(['there is no pool "bog"; there are: big'])
})

test('what waits is explained', async () => {
  const of = (kind: string, name: string) => ({ about: { kind, id: 1, name }, sentences: [`${name} is fine.`] })
  const builders = { builders: [], meta: {} }
  const { run, out, err } = await yardmaster({
    [`${yard}/explain`]: { explanations: [of('pool', 'big')] }, [`${yard}/explain/requests/7`]: { explanations: [of('request', 'request 7 of b1'), of('pool', 'big')] },
    [`${yard}/explain/pools/big`]: { explanations: [of('pool', 'big')] }, [`${yard}/pools`]: { pools: [pool] }, '/api/v2/builders': builders,
  })
  expect(await run('explain')).toBe(0)
  expect(await run('explain', '7')).toBe(0)
  expect(await run('explain', 'big')).toBe(0)
  expect(out).toEqual(['pool big', '  big is fine.', 'request 7 of b1', '  request 7 of b1 is fine.', 'pool big', '  big is fine.', 'pool big', '  big is fine.'])
  expect(await run('explain', 'bog')).toBe(1)
  expect(err).toEqual(['"bog" is no build request, no builder and no pool; there are the builders (none) and the pools big'])
})
