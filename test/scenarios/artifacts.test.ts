import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FAILURE, SUCCESS } from '@yardmaster/domain'
import { createYardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import type { Browser } from 'playwright-core'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { stockWorkerProgram } from '../kit/stock-worker.js'
import { until } from '../kit/until.js'
import { yardIn } from '../kit/yard.js'

const MEBIBYTES = 48
/** Nothing in it repeats: a piece that is lost, doubled or out of place shows in the digest. */
const large = `python3 -c "import random; r = random.Random(7); open('large', 'wb').write(b''.join(r.randbytes(1024 * 1024) for _ in range(${MEBIBYTES})))" && sha256sum large | cut -c1-64`
const config = `
import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw' }), workers.worker({ name: 's1', password: 'pw' })],
  builders: [
    { name: 'large', workers: ['w1'], steps: [steps.setPropertyFromCommand({ command: ${JSON.stringify(large)}, property: 'digest' }), steps.fileUpload({ workersrc: 'large', masterdest: 'out/large.bin' })] },
    { name: 'reports', workers: ['w1'], steps: [
      steps.shell({ command: 'mkdir -p r/deep; echo "<one/>" > r/one.xml; echo "<two/>" > r/deep/two.xml; rm -f absent' }),
      steps.multipleFileUpload({ workersrcs: ['r/**'], glob: true }),
      steps.fileUpload({ workersrc: 'absent', name: 'absent' }),
    ] },
    { name: 'stock', workers: ['s1'], steps: [steps.setPropertyFromCommand({ command: ${JSON.stringify(large.replace(String(MEBIBYTES), '2'))}, property: 'digest' }), steps.fileUpload({ workersrc: 'large' })] },
  ],
  schedulers: [schedulers.force({ name: 'force', builders: ['large', 'reports', 'stock'] })],
})
`
let cluster: Cluster
let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
  cluster = await startCluster({ config, workers: ['w1'], stockWorkers: stockWorkerProgram === null ? [] : ['s1'], engines: 2 })
})
afterAll(async () => {
  await browser?.close()
  await cluster?.stop()
})

type Row = { id: number; results: number | null; digest: string; worker: string }
async function forced(builder: string): Promise<number> {
  const answer = await cluster.client.control('forceschedulers/force', 'force', { builderNames: [builder] }) as [number, { [builder: string]: number }]
  return Object.values(answer[1])[0]!
}
const buildOf = async (request: number) => (await cluster.rows<Row>(`SELECT b.id, b.results, b.properties #>> '{digest,0}' AS digest FROM builds b WHERE b.build_request_id = $1 ORDER BY b.id DESC LIMIT 1`, [request]))[0]
const ended = (request: number) => until('the build to end', async () => { const build = await buildOf(request); return build && build.results !== null ? build : null })
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const yard = () => createYardClient({ baseUrl: cluster.url })

test('an engine killed in the middle of an upload: another goes on, and the file is whole', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const request = await forced('large')
  await until('some of it to be there', async () => (await cluster.rows('SELECT 1 FROM artifacts WHERE size > 0')).length > 0)
  const [{ size }] = await cluster.rows<{ size: number }>('SELECT size FROM artifacts') as [{ size: number }]
  const placed = cluster.network.placements().find(({ worker }) => worker === 'w1')!
  await cluster.engines[placed.engine]!.kill()
  const build = await ended(request)
  expect(build.results).toBe(SUCCESS)
  const [artifact] = await yard().artifacts(build.id)
  expect(artifact).toMatchObject({ name: 'out/large.bin', size: MEBIBYTES * 1024 * 1024, sha256: build.digest })
  expect(size).toBeLessThan(MEBIBYTES * 1024 * 1024)
  const { code, stdout, stderr } = await (await yardIn({ folder: cluster.folder })).run('artifacts', String(build.id), 'out/large.bin', '-o', 'fetched.bin', '--url', cluster.url)
  expect([code, stderr, stdout]).toEqual([0, '', `fetched.bin: ${MEBIBYTES * 1024 * 1024} bytes\n`])
  expect(sha256(readFileSync(join(cluster.folder, 'fetched.bin')))).toBe(build.digest)
  await cluster.engines[placed.engine]!.start()
})

test('patterns take what is there, by its place; a file that is not there fails its step and says so', async () => {
  const build = await ended(await forced('reports'))
  expect(build.results).toBe(FAILURE)
  expect((await yard().artifacts(build.id)).map(({ name }) => name)).toEqual(['r/deep/two.xml', 'r/one.xml'])
  expect(await (await yard().artifact(build.id, 'r/deep/two.xml')).text()).toBe('<two/>\n')
  const page = await newPage(browser)
  await page.goto(`${cluster.url}builders/reports/builds/1?tab=artifacts`)
  const row = page.getByTestId('artifacts').getByRole('row').filter({ hasText: 'r/deep/two.xml' })
  const [download] = await Promise.all([page.waitForEvent('download'), row.getByRole('link').click()])
  expect([download.suggestedFilename(), readFileSync(await download.path(), 'utf8')]).toEqual(['two.xml', '<two/>\n'])
  await page.close()
  expect(await cluster.rows('SELECT state_string FROM steps WHERE build_id = $1 AND name = $2', [build.id, 'absent'])).toEqual([{ state_string: expect.stringContaining('no such file') as string }])
})

test.skipIf(stockWorkerProgram === null)('a stock buildbot-worker uploads as well', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const build = await ended(await forced('stock'))
  expect(build.results).toBe(SUCCESS)
  expect(await yard().artifacts(build.id)).toMatchObject([{ name: 'large', size: 2 * 1024 * 1024, sha256: build.digest }])
})
