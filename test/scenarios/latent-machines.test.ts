import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXCEPTION } from '@yardmaster/domain'
import { createYardClient } from '@yardmaster/rest'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { allBuilt, expectUndisturbed, force, ledger, nothingLeft, Truth } from '../kit/latent-story.js'
import { until } from '../kit/until.js'

const clock = systemClock()
// Machines are processes of our own worker; two engines, two provisioners, no worker that is always there.
const folder = mkdtempSync(join(tmpdir(), 'yardmaster-machines-'))
const truth = { few: new Truth(mkdtempSync(join(folder, 'few-'))), hammer: new Truth(mkdtempSync(join(folder, 'hammer-'))) }

const config = `
import { defineConfig, providers, schedulers, steps, util, workers } from '@yardmaster/config'
const logEnviron = false
const builder = (name, command) => ({ name, workers: [name], collapseRequests: false, steps: [steps.shell({ command, logEnviron })] })
export default defineConfig({
  workers: [
    workers.pool({ name: 'few', provider: providers.process(), max: 3, buildWaitTimeout: 1 }),
    workers.pool({ name: 'once', provider: providers.process(), max: 2, buildWaitTimeout: 0 }),
    workers.pool({ name: 'hammer', provider: providers.process(), max: 4, buildWaitTimeout: 1 }),
    workers.process({ name: 'single', buildWaitTimeout: 1 }),
    workers.pool({ name: 'varied', max: 2, buildWaitTimeout: -1, provider: providers.process({ env: { TARGET: util.interpolate('%(prop:target)s') } }) }),
    workers.pool({ name: 'undescribed', max: 2, provider: providers.process({ env: { TARGET: ({ properties }) => { if (properties.target === 'none') throw new Error('no such target'); return 'x' } } }) }),
  ],
  builders: [
    builder('undescribed', 'true'),
    builder('few', ${JSON.stringify(truth.few.waiting())}),
    builder('once', 'true'),
    builder('hammer', ${JSON.stringify(truth.hammer.running(0.2))}),
    builder('single', 'true'),
    builder('varied', util.interpolate('test "$TARGET" = "%(prop:target)s"')),
  ],
  schedulers: [schedulers.force({ name: 'force', builders: ['few', 'once', 'hammer', 'single', 'varied', 'undescribed'], parameters: [util.stringParameter({ name: 'target', default: 'none' })] })],
})
`

let cluster: Cluster
beforeAll(async () => { cluster = await startCluster({ config, workers: [], engines: 2, provisioners: 2 }) })
afterAll(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})
const tellWhenFailed = () => onTestFailed(async () => { process.stderr.write(`${lastWords(cluster)}\n${JSON.stringify(await ledger(cluster), null, 1)}\n`) })
const ledgerOf = async (pool: string) => (await ledger(cluster)).filter(row => row.pool === pool)

test('ten requests at once on an empty pool of three: never more than three machines, all of them used, all gone after the idle time', async () => {
  tellWhenFailed()
  const requests = await force(cluster, 'few', { times: 10 })
  await until('three to be built', () => truth.few.begun() === 3)
  expect(await ledgerOf('few')).toHaveLength(3)
  truth.few.open()
  await allBuilt(cluster, requests)
  await expectUndisturbed(cluster, requests)
  expect(truth.few.most()).toBe(3)
  const rows = await ledgerOf('few')
  expect(rows.reduce((sum, row) => sum + row.uses, 0)).toBe(10)
  await nothingLeft(cluster, 'few')
})

test('with buildWaitTimeout 0 each build has a machine of its own', async () => {
  tellWhenFailed()
  const requests = await force(cluster, 'once', { times: 4 })
  await allBuilt(cluster, requests)
  await expectUndisturbed(cluster, requests)
  await nothingLeft(cluster, 'once')
  expect((await ledgerOf('once')).map(row => row.uses)).toEqual([1, 1, 1, 1])
})

test('the second, third and fourth machine of one named worker are as good as the first', async () => {
  tellWhenFailed()
  for (let n = 0; n < 4; n++) {
    const requests = await force(cluster, 'single')
    await allBuilt(cluster, requests)
    await expectUndisturbed(cluster, requests)
    await nothingLeft(cluster, 'single')
  }
  expect((await ledgerOf('single')).map(({ worker, attempt, failure }) => ({ worker, attempt, failure }))).toEqual([1, 2, 3, 4].map(attempt => ({ worker: 'single', attempt, failure: null })))
})

test('a machine that was rendered for other properties is not used; one that was rendered for the same is', async () => {
  tellWhenFailed()
  const build = async (target: string) => {
    const requests = await force(cluster, 'varied', { values: { target } })
    await allBuilt(cluster, requests)
    await expectUndisturbed(cluster, requests)
  }
  for (const target of ['arm', 'x86', 'arm', 'riscv']) await build(target)
  const rows = await ledgerOf('varied')
  // The third target has no free slot: the machine that has waited longest makes room.
  expect(rows.map(row => row.uses)).toEqual([2, 1, 1])
  expect(new Set(rows.map(row => row.fingerprint)).size).toBe(3)
})

test('a request for which no machine can be described ends once, and its build says why', async () => {
  tellWhenFailed()
  const [bad, good] = [await force(cluster, 'undescribed'), await force(cluster, 'undescribed', { values: { target: 'arm' } })]
  await allBuilt(cluster, [...bad, ...good])
  await expectUndisturbed(cluster, good)
  expect(await cluster.rows(`SELECT b.results, b.state_string AS text, s.name AS step FROM builds b JOIN steps s ON s.build_id = b.id WHERE b.build_request_id = ${bad[0]!}`)).toEqual([
    { results: EXCEPTION, text: expect.stringContaining('no such target') as string, step: 'worker_preparation' }])
})

test('scale-in never kills a build: builds that come just when idle machines go, and when somebody stops them', async () => {
  tellWhenFailed()
  const requests: number[] = []
  // Somebody else sends away what has built, all the time: also in the moment in which it is given its next build.
  const stopping = new AbortController()
  const stopper = (async () => {
    const client = createYardClient({ baseUrl: cluster.url })
    while (!stopping.signal.aborted) {
      const { instances } = await client.instances({ pool: 'hammer', open: true })
      for (const { id, desired, uses } of instances) if (desired === 'running' && uses > 0) await client.stopInstance(id)
      await clock.sleep(200)
    }
  })()
  stopper.catch(() => {})
  for (let wave = 0; wave < 6; wave++) {
    const of = await force(cluster, 'hammer', { times: 4 })
    await allBuilt(cluster, of)
    requests.push(...of)
    // Around the moment at which the machines' idle time is over: what comes just then is what this is about.
    await clock.sleep(700 + 100 * wave)
  }
  stopping.abort()
  await stopper
  await expectUndisturbed(cluster, requests)
  expect(truth.hammer.begun()).toBe(requests.length)
  expect(truth.hammer.ended()).toBe(requests.length)
  expect(truth.hammer.most()).toBeLessThanOrEqual(4)
})
