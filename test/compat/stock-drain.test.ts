import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RETRY, SUCCESS } from '@yardmaster/domain'
import { createYardClient, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { StockWorker, stockWorkerProgram } from '../kit/stock-worker.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-stock-drain-'))
const truth = join(folder, 'truth')
const gate = join(folder, 'gate')
const waits = `if mkdir ../alone; then echo begin >> '${truth}'; else echo NOT-ALONE >> '${truth}'; fi; while [ ! -e '${gate}' ]; do echo waiting; sleep 0.1; done; echo end >> '${truth}'; rmdir ../alone`
const config = `
import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
const only = { workers: ['s1'] }
export default defineConfig({
  workers: [workers.worker({ name: 's1', password: 'pw' })],
  builders: [
    { name: 'hello', ...only, steps: [steps.shell({ command: 'echo hello' })] },
    { name: 'waits', ...only, steps: [steps.shell({ name: 'clean', command: 'rm -rf ../alone' }), steps.shell({ name: 'wait', command: ${JSON.stringify(waits)} })] },
  ],
  schedulers: [schedulers.force({ name: 'force', builders: ['hello', 'waits'] })],
})
`

describe.skipIf(stockWorkerProgram === null)('drain of an engine with a stock worker', () => {
  let cluster: Cluster
  let yard: YardClient
  let worker: StockWorker
  beforeAll(async () => {
    writeFileSync(truth, '')
    cluster = await startCluster({ config, workers: [], engines: 2 })
    yard = createYardClient({ baseUrl: cluster.url })
    worker = new StockWorker({ name: 's1', password: 'pw', url: cluster.workerUrl, basedir: join(folder, 's1'), env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8' } })
    await worker.start()
    await holder()
  })
  afterAll(async () => {
    await worker?.stop()
    await cluster?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const explain = () => onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n--- stock\n${worker.lines.slice(-30).join('\n')}\n`) })
  const said = () => readFileSync(truth, 'utf8').split('\n').filter(line => line !== '')
  const builds = (builder: string) => cluster.rows<{ id: number; results: number | null; state_string: string }>('SELECT b.id, b.results, b.state_string FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name = $1 ORDER BY b.id', [builder])

  /** The engine that has the worker. */
  async function holder() {
    const row = await until('the worker to be connected', async () => (await yard.replicas()).find(({ workers }) => workers === 1))
    return { row, engine: cluster.engines.find(engine => engine.running && engine.pid === row.pid)! }
  }

  async function force(builder: string): Promise<void> {
    const [row] = await cluster.rows<{ id: number }>('SELECT id FROM builders WHERE name = $1', [builder])
    await cluster.client.control('forceschedulers/force', 'force', { builderid: row!.id, reason: 'a test' })
  }

  async function aWaitingBuild(): Promise<void> {
    rmSync(gate, { force: true })
    writeFileSync(truth, '')
    await force('waits')
    await until('the build to be under way', () => said().length === 1)
  }

  test('its build is finished, nothing new is begun, and the drain can be called off', async () => {
    explain()
    await aWaitingBuild()
    const { row, engine } = await holder()
    await yard.drain(row.id)
    await until('the engine to know', () => engine.lines.some(line => line.includes('draining: workers are let go')))
    await force('hello')
    // Time enough for some steps of the drain, had it let go of what it must keep.
    const beats = (await cluster.rows<{ beat: number }>('SELECT beat FROM replicas WHERE id = $1', [row.id]))[0]!.beat
    await until('the engine to live on', async () => (await cluster.rows<{ beat: number }>('SELECT beat FROM replicas WHERE id = $1', [row.id]))[0]!.beat > beats + 2)
    expect(await yard.replica(row.id)).toMatchObject({ state: 'alive', workers: 1, builds: 1 })
    expect(await builds('hello')).toEqual([])
    await yard.cancelDrain(row.id)
    await until('it to work again', async () => (await builds('hello'))[0]?.results === SUCCESS)
    expect((await yard.drain(row.id)).draining).not.toBeNull()
    writeFileSync(gate, '')
    await until('the engine to be gone', () => !engine.running)
    expect(engine.exitCode).toBe(0)
    expect(await builds('waits')).toMatchObject([{ results: SUCCESS }])
    expect(said()).toEqual(['begin', 'end'])
  })

  test('at the deadline its build goes back, and is built again at the other engine when nothing of it is left', async () => {
    explain()
    await cluster.engines.find(engine => !engine.running)!.start()
    await aWaitingBuild()
    const { row, engine } = await holder()
    await yard.drain(row.id, { deadline: 1 })
    await until('the engine to be gone', () => !engine.running)
    expect(engine.exitCode).toBe(0)
    expect((await builds('waits'))[1]).toMatchObject({ results: RETRY, state_string: 'the engine was drained, and its deadline has passed' })
    await until('it to be built again', () => said().filter(line => line === 'begin').length === 2)
    writeFileSync(gate, '')
    await until('it to end', async () => (await builds('waits'))[2]?.results === SUCCESS)
    expect(said()).toEqual(['begin', 'begin', 'end'])
  })
})
