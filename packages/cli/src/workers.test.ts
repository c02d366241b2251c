import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { YardWorker } from '@yardmaster/rest'
import { manualClock, systemRandom } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { workerState } from './commands/workers.js'
import { runCommandLine } from './program.js'

const worker: YardWorker = {
  id: 5, name: 'w1', active: true, connected: { engineId: 1, engine: 'here:engine', host: 'here', protocol: 'yardmaster', since: 999_000 }, awaySince: null, missing: false, builds: 0, maxBuilds: null, units: 0,
  capacity: null, paused: null, graceful: false, killed: false, failures: 0, quarantine: null, downtime: null, unavailable: null, labels: { os: 'linux', gpu: 'a100' }, configuredLabels: {},
  status: { load1: 0.5, diskFreeBytes: 3 * 1024 ** 3, memoryFreeBytes: 1, at: 999_000 }, info: {}, notes: null, pool: null, machine: null, builders: [],
}
const now = 1_000_000

test.each<[Partial<YardWorker>, string]>([
  [{}, 'idle'],
  [{ builds: 2, paused: { reason: 'a new disk' } }, 'building 2, paused (a new disk)'],
  [{ graceful: true, builds: 1 }, 'building 1, shutting down'],
  [{ quarantine: { until: now + 90, reason: 'its disk is full' } }, 'idle, in quarantine for 1 min 30 s (its disk is full)'],
  [{ downtime: { until: now + 60, timeZone: 'UTC', reason: null } }, 'idle, in downtime for 1 min 0 s'],
  [{ connected: null, awaySince: now - 60 }, 'away for 1 min 0 s'],
  [{ connected: null, pool: 'big' }, 'no machine'],
  [{ connected: null, pool: 'big', machine: 'booting', paused: { reason: null } }, 'machine booting, paused'],
  [{ connected: null, missing: true }, 'missing (never came)'],
  [{ connected: null, awaySince: now - 65, graceful: true, killed: true }, 'away for 1 min 5 s, killed'],
])('%j is told as %s', (more, expected) => {
  expect(workerState({ ...worker, ...more }, now)).toBe(expected)
})

const servers: Server[] = []
afterEach(() => { for (const server of servers.splice(0)) server.close() })

async function yardmaster(answers: { [path: string]: object }) {
  const posted: { path: string; body: unknown }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => { body += chunk })
    request.on('end', () => {
      const path = request.url ?? ''
      if (request.method === 'POST') posted.push({ path, body: JSON.parse(body) })
      response.writeHead(answers[path] ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answers[path] ?? { error: `no ${path}` }))
    })
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const [out, err]: [string[], string[]] = [[], []]
  const context = { env: {}, clock: manualClock(now * 1000), random: systemRandom(), print: (line: string) => out.push(line), warn: (line: string) => err.push(line), colours: false, onSignal: () => () => undefined }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { posted, out, err, run: (...args: string[]) => runCommandLine([...args, '--url', url], context) }
}

const listed = { workers: [{ workerid: 5, name: 'w1', connected_to: [], configured_on: [], workerinfo: {}, paused: false, pause_reason: null, graceful: false }], meta: {} }

test('workers are a table, or JSON', async () => {
  const { run, out } = await yardmaster({ '/api/yard/v1/workers': { workers: [worker] } })
  expect(await run('workers')).toBe(0)
  expect(out.map(line => line.split(/ {2,}/))).toEqual([['WORKER', 'STATE', 'ENGINE', 'LOAD', 'DISK FREE', 'LABELS'], ['w1', 'idle', 'here:engine', '0.50', '3.0 GiB', 'os=linux gpu=a100']])
  out.length = 0
  expect(await run('workers', '--json')).toBe(0)
  expect(JSON.parse(out.join('\n'))).toEqual([worker])
})

test.each([
  ['pause', ['--reason', 'a new disk'], { reason: 'a new disk' }, 'w1 is paused'],
  ['unpause', [], {}, 'w1 is given builds again'],
  ['stop', [], {}, 'w1 ends once it is idle'],
  ['kill', ['--reason', 'it burns'], { reason: 'it burns' }, 'w1 is killed'],
  ['unquarantine', [], {}, 'w1 is out of quarantine'],
])('yard worker %s', async (action, flags, body, said) => {
  const path = `/api/yard/v1/workers/5/${action}`
  const { run, out, posted } = await yardmaster({ '/api/v2/workers': listed, [path]: { worker } })
  expect(await run('worker', action, 'w1', ...flags)).toBe(0)
  expect(posted).toEqual([{ path, body }])
  expect(out).toEqual([said])
})

test('a mistyped worker is told the right ones', async () => {
  const { run, err } = await yardmaster({ '/api/v2/workers': listed })
  expect(await run('worker', 'pause', 'w2')).toBe(1)
  expect(err).toEqual(['there is no worker "w2"; there are: w1'])
})

test('help of a control is its own, and not that of the worker program', async () => {
  const { run, out } = await yardmaster({})
  expect(await run('worker', 'kill', '--help')).toBe(0)
  expect(out.join('\n')).toContain('end a worker at once')
})
