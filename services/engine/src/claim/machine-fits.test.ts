import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '@yardmaster/config/host'
import { SUCCESS } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { aWorker } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { aLatentWorld, type LatentWorld } from '../testing/latent-world.js'
import { ask, type TestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'

let world: LatentWorld
afterEach(() => world.close())

const process = (n: number) => `00000000-0000-4000-8000-00000000000${n}`

async function asks(...fingerprints: (string | null)[]): Promise<number[]> {
  const requests: number[] = []
  for (const fingerprint of fingerprints) {
    const request = await ask(world, 'b')
    requests.push(request)
    if (fingerprint !== null) await world.db.pool.query('INSERT INTO request_machines (request_id, pool_id, generation_id, fingerprint) VALUES ($1, 1, $2, $3)', [request, world.generationId, fingerprint])
  }
  return requests
}

async function connected(engine: TestEngine, slot: number, fingerprint: string | null): Promise<number> {
  const instance = await world.machine(slot, { fingerprint })
  await new TestWorker(engine.port, `p-${slot}`).hello(process(slot))
  return instance
}

/** Claims until nothing more is given, with every build ended in between: what each request was built on. */
async function built(engine: TestEngine): Promise<{ [request: number]: string }> {
  for (let before = -1; ;) {
    await engine.claim()
    await until('all builds to end', async () => (await world.rows('SELECT 1 FROM builds WHERE complete_at IS NULL')).length === 0)
    const rows = await world.rows<{ request: number; worker: string }>('SELECT b.build_request_id AS request, w.name AS worker FROM builds b JOIN workers w ON w.id = b.worker_id')
    if (rows.length === before) return Object.fromEntries(rows.map(({ request, worker }) => [request, worker]))
    before = rows.length
  }
}

test('a machine that was made for certain builds is given only those, however many others are before them', async () => {
  world = await aLatentWorld()
  const engine = await world.anEngine()
  await connected(engine, 1, 'small')
  await connected(engine, 2, 'large')
  const requests = await asks(...Array<string>(30).fill('huge'), 'large', null, 'small', 'large')
  expect(await built(engine)).toEqual({ [requests[30]!]: 'p-2', [requests[32]!]: 'p-1', [requests[33]!]: 'p-2' })
})

test('what suits every build takes what others do not', async () => {
  world = await aLatentWorld({ more: [aWorker('w1', { maxBuilds: 1 })] })
  const engine = await world.anEngine()
  await connected(engine, 1, 'small')
  await new TestWorker(engine.port, 'w1').hello(process(9))
  const requests = await asks('huge', 'small', null)
  const on = await built(engine)
  expect(Object.keys(on).map(Number)).toEqual(requests)
  expect([on[requests[0]!], on[requests[2]!]]).toEqual(['w1', 'w1'])
})

test('whoever chooses in the configuration chooses among the machines that suit', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-machine-fits-'))
  writeFileSync(join(folder, 'yard.config.ts'), `
    import { defineConfig, workers } from '@yardmaster/config'
    export default defineConfig({ workers: [workers.worker({ name: 'w', password: 'p' })], builders: [{ name: 'b', workers: ['w'], steps: [], nextWorker: (builder, workers) => workers.at(-1) }] })`)
  const checked = await checkConfiguration(join(folder, 'yard.config.ts'), systemClock().setTimeout)
  rmSync(folder, { recursive: true })
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  world = await aLatentWorld({ builder: { nextWorker: checked.configuration.builders[0]!.nextWorker } })
  const engine = await world.anEngine(checked.bundle.code)
  await connected(engine, 1, 'small')
  await connected(engine, 2, 'large')
  const requests = await asks('huge', 'small', 'large')
  expect(await built(engine)).toEqual({ [requests[1]!]: 'p-1', [requests[2]!]: 'p-2' })
})

test.each([
  ['may have two builds', { maxUses: 2 }, '', 2],
  ['is kept for no time after its build', { buildWaitTimeout: 0 }, '', 1],
  ['is too old', { maxAge: 60 }, `requested_at = now() - interval '61 s'`, 0],
  ['is to be replaced', {}, `retire_reason = 'its pool has other options now'`, 0],
  ['is not wanted any more', {}, `desired = 'gone'`, 0],
] as const)('a machine that %s gets no more than that', async (_what, pool, change, most) => {
  world = await aLatentWorld({ pool })
  const engine = await world.anEngine()
  const instance = await connected(engine, 1, null)
  if (change) await world.db.pool.query(`UPDATE instances SET ${change}`)
  await asks(null, null, null)
  expect(Object.keys(await built(engine))).toHaveLength(most)
  expect(await world.rows(`SELECT uses, idle_since IS NOT NULL AS idle FROM instances`)).toEqual([{ uses: most, idle: true }])
  expect(await world.rows('SELECT DISTINCT instance_id, results FROM builds')).toEqual(most > 0 ? [{ instance_id: instance, results: SUCCESS }] : [])
})
