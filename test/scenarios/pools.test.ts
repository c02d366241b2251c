import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startUpcloudSimulator, type UpcloudSimulator } from '@yardmaster/providers/upcloud-simulator'
import { createYardClient } from '@yardmaster/rest'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { allBuilt, expectUndisturbed, force, ledger, nothingLeft, Truth } from '../kit/latent-story.js'
import { programs } from '../kit/role-process.js'

const ROOT = join(import.meta.dirname, '../..')
const clock = systemClock()
const folder = mkdtempSync(join(tmpdir(), 'yardmaster-pools-'))
const truth = new Truth(folder)
const IDLE_S = 3

// The worker of this clone, as the machine's only program.
const script = `#!/bin/sh
export YARD_ENGINE='%(worker:engine)s' YARD_WORKER_NAME='%(worker:name)s' YARD_WORKER_PASSWORD='%(worker:password)s' YARD_WORKER_BASEDIR="$HOME/worker"
mkdir -p "$YARD_WORKER_BASEDIR"
exec '${process.execPath}' '${join(ROOT, programs.worker)}'
`

const config = (baseUrl: string) => `
import { defineConfig, providers, schedulers, steps, util, workers } from '@yardmaster/config'
export default defineConfig({
  workers: [workers.pool({
    name: 'cloud', max: 10, maxBuilds: 1, buildWaitTimeout: ${IDLE_S},
    provider: providers.upcloud({
      baseUrl: ${JSON.stringify(baseUrl)}, apiToken: 'ucat_SIMULATOR', image: 'Debian GNU/Linux 12 (Bookworm)',
      hostconfig: { zone: 'de-fra1', plan: '1xCPU-2GB', userData: util.interpolate(${JSON.stringify(script)}) },
    }),
  })],
  builders: ['one', 'two', 'three'].map(name => ({ name, workers: ['cloud'], collapseRequests: false, steps: [steps.shell({ command: ${JSON.stringify(truth.running(0.5))}, logEnviron: false })] })),
  schedulers: [schedulers.force({ name: 'force', builders: ['one', 'two', 'three'] })],
})
`

let simulator: UpcloudSimulator
let cluster: Cluster
beforeAll(async () => {
  simulator = await startUpcloudSimulator({ clock, random: systemRandom(), home: join(folder, 'cloud'), seed: 30, timeScale: 0.05 })
  cluster = await startCluster({ config: config(`${simulator.url}/1.3`), workers: [], provisioners: 2 })
})
afterAll(async () => {
  await cluster?.stop()
  await simulator?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('30 builds on an empty pool of 10: at most 10 machines, all gone after the idle time, and what they cost is what the cloud asks for, machine by machine', async () => {
  onTestFailed(async () => { process.stderr.write(`${lastWords(cluster)}\n${JSON.stringify(await ledger(cluster), null, 1)}\n${simulator.state().servers.map(({ uuid }) => simulator.output(uuid)).join('\n')}\n`) })
  let most = 0
  simulator.onChange(() => { most = Math.max(most, simulator.state().servers.length) })
  const requests = (await Promise.all(['one', 'two', 'three'].map(builder => force(cluster, builder, { times: 10 })))).flat()
  await allBuilt(cluster, requests)
  await expectUndisturbed(cluster, requests)
  expect(truth.ended()).toBe(30)
  await nothingLeft(cluster)
  expect(most).toBeGreaterThan(1)
  expect(most).toBeLessThanOrEqual(10)
  expect(simulator.state().servers).toEqual([])

  const { instances } = await createYardClient({ baseUrl: cluster.url }).instances()
  const bill = simulator.bill()
  const asked = new Map(bill.machines.map(machine => [machine.uuid, { amount: machine.amount, over: machine.over }]))
  expect(new Set(instances.map(instance => instance.externalId))).toEqual(new Set(asked.keys()))
  for (const { externalId, cost } of instances) expect(asked.get(externalId!)).toEqual({ amount: expect.closeTo(cost!, 6), over: true })
  expect(bill.total).toBeCloseTo(instances.reduce((sum, { cost }) => sum + cost!, 0), 6)
  expect(bill.total).toBeGreaterThan(0)
})
