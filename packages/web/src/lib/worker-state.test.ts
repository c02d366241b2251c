import type { YardWorker } from '@yardmaster/rest'
import { expect, test } from 'vitest'
import { dateTime } from './format.js'
import { bytes } from './format.js'
import { isDormant, workerState } from './worker-state.js'

const now = 1_790_000_000
const worker: YardWorker = {
  id: 1, name: 'w1', active: true, connected: { engineId: 1, engine: 'e', host: 'h', protocol: 'yardmaster', since: now }, awaySince: null, missing: false, builds: 0, maxBuilds: null, units: 0,
  capacity: null, paused: null, graceful: false, killed: false, failures: 0, quarantine: null, downtime: null, unavailable: null, labels: {}, configuredLabels: {}, status: null, info: {}, notes: null, pool: null, machine: null, builders: [],
}
const at = (seconds: number) => dateTime(seconds).slice(11, 16)

test.each<[Partial<YardWorker>, string, string]>([
  [{}, 'idle', ''],
  [{ builds: 2 }, 'building', ''],
  [{ builds: 2, paused: { reason: 'a new disk' } }, 'paused', 'a new disk'],
  [{ builds: 2, graceful: true, paused: { reason: null } }, 'shutting down', 'once it is idle'],
  [{ quarantine: { until: now + 60, reason: 'its disk is full' } }, 'quarantine', `until ${at(now + 60)}: its disk is full`],
  [{ downtime: { until: now + 60, timeZone: 'UTC', reason: null } }, 'downtime', `until ${at(now + 60)}`],
  [{ connected: null, awaySince: now - 60 }, 'not connected', `away since ${at(now - 60)}`],
  [{ connected: null, awaySince: now - 30 * 86_400, missing: true, paused: { reason: 'x' } }, 'missing', `away since ${dateTime(now - 30 * 86_400).slice(0, 16)}`],
  [{ connected: null }, 'not connected', 'never came'],
  [{ connected: null, pool: 'big' }, 'no machine', 'one is started when a build waits for it'],
  [{ connected: null, pool: 'big', machine: 'booting', unavailable: 'has a machine that is starting for 20 s' }, 'booting', 'its machine has been starting for 20 s'],
  [{ connected: null, pool: 'big', machine: 'removing', unavailable: 'has a machine that is being removed' }, 'removing', 'its machine is being removed'],
  [{ connected: null, pool: 'big', machine: 'removing', paused: { reason: 'x' } }, 'paused', 'x'],
  [{ pool: 'big', machine: 'ready' }, 'idle', ''],
])('%j is %s', (more, text, why) => {
  expect(workerState({ ...worker, ...more }, now)).toMatchObject({ text, why })
})

test('a latent worker that nobody needs has nothing to tell', () => {
  const told = [{}, { connected: null }, { connected: null, pool: 'big' }, { connected: null, pool: 'big', machine: 'creating' as const }, { connected: null, pool: 'big', paused: { reason: null } }, { pool: 'big' }].map(more => isDormant({ ...worker, ...more }))
  expect(told).toEqual([false, false, true, false, false, false])
})

test('bytes', () => {
  expect([0, 900, 2048, 512 * 1024 ** 2, 7.4 * 1024 ** 3, 1.8 * 1024 ** 4].map(bytes)).toEqual(['0 B', '900 B', '2.0 KiB', '512 MiB', '7.4 GiB', '1.8 TiB'])
})
