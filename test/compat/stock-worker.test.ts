import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SUCCESS } from '@yardmaster/domain'
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { StockWorker, stockWorkerProgram } from '../kit/stock-worker.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-stock-'))
const truth = join(folder, 'truth')
const config = `
import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
export default defineConfig({
  workers: [workers.worker({ name: 's1', password: 'pw' })],
  builders: [
    { name: 'hello', workers: ['s1'], steps: [steps.shell({ name: 'one', command: 'echo hello; echo bad >&2; pwd' })] },
  ],
  schedulers: [schedulers.force({ name: 'force', builders: ['hello'] })],
})
`

describe.skipIf(stockWorkerProgram === null)('Debian\'s buildbot-worker over msgpack', () => {
  let cluster: Cluster
  let worker: StockWorker
  beforeAll(async () => {
    writeFileSync(truth, '')
    cluster = await startCluster({ config, workers: [] })
    worker = new StockWorker({ name: 's1', password: 'pw', url: cluster.workerUrl, basedir: join(folder, 's1'), env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8' } })
    await worker.start()
  })
  afterAll(async () => {
    await worker?.stop()
    await cluster?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const explain = () => onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n--- stock\n${worker.lines.slice(-40).join('\n')}\n`) })

  async function force(builder: string): Promise<number> {
    const [{ id }] = await cluster.rows<{ id: number }>('SELECT id FROM builders WHERE name = $1', [builder]) as [{ id: number }]
    await cluster.client.control('forceschedulers/force', 'force', { builderid: id, reason: 'a test' })
    return id
  }

  test('connects, tells of itself, and builds', async () => {
    explain()
    await until('the worker to be there', async () => (await cluster.rows('SELECT 1 FROM worker_sessions WHERE connected AND protocol = \'msgpack\'')).length === 1)
    const builder = await force('hello')
    await until('its build', async () => (await cluster.rows('SELECT 1 FROM builds WHERE builder_id = $1 AND complete_at IS NOT NULL', [builder])).length === 1)
    expect(await cluster.rows('SELECT results, state_string FROM builds')).toEqual([{ results: SUCCESS, state_string: 'build successful' }])
  })
})
