import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXCEPTION, RETRY, SUCCESS } from '@yardmaster/domain'
import { builders as builderType, createYardClient, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { RoleProcess } from '../kit/role-process.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-workers-'))
const truth = join(folder, 'truth')
const gate = join(folder, 'gate')
const truths = () => (existsSync(truth) ? readFileSync(truth, 'utf8').trim().split('\n') : [])

const config = `
import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
const say = line => "echo " + line + " >> '${truth}'"
const gated = name => steps.shell({ name, command: say(name) + "; while [ ! -e '${gate}' ]; do sleep 0.05; done", logEnviron: false })
const builder = (name, worker, steps) => ({ name, workers: [worker], steps, collapseRequests: false })
export default defineConfig({
  title: 'Workers',
  workers: [
    workers.worker({ name: 'sick', password: 'pw', quarantine: { failures: 2, backoff: '10m' }, notes: 'in the attic', labels: { room: 'attic' } }),
    workers.worker({ name: 'w1', password: 'pw' }), workers.worker({ name: 'once', password: 'pw' }), workers.worker({ name: 'leaves', password: 'pw' }),
    workers.worker({ name: 'late', password: 'pw', missingTimeout: '1s', notifyOnMissing: ['ann@example.org'] }),
  ],
  builders: [
    builder('quick', 'sick', [steps.shell({ name: 'one', command: 'true', logEnviron: false })]),
    builder('gated', 'w1', [gated('begun')]),
    builder('twice', 'once', [steps.shell({ name: 'a', command: say('first'), logEnviron: false }), async () => { await new Promise(resolve => setTimeout(resolve, 1500)) }, steps.shell({ name: 'b', command: say('second'), logEnviron: false })]),
    builder('parts', 'leaves', [gated('part1'), steps.shell({ name: 'b', command: say('part2'), logEnviron: false })]),
  ],
  schedulers: [schedulers.force({ name: 'force', builders: ['quick', 'gated', 'twice', 'parts'] })],
})
`

let cluster: Cluster
let yard: YardClient
beforeAll(async () => {
  cluster = await startCluster({ config, workers: ['sick', 'w1'] })
  yard = createYardClient({ baseUrl: cluster.url })
  await until('both workers', async () => (await yard.workers()).filter(({ connected }) => connected).length === 2)
})
afterAll(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const told = () => { onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n${truths().join('\n')}\n`) }) }

async function force(builder: string): Promise<void> {
  const { rows: builders } = await cluster.client.list(builderType, 'builders')
  await cluster.client.control('forceschedulers/force', 'force', { builderid: builders.find(({ name }) => name === builder)!.builderid })
}
const builds = (builder: string) => cluster.rows<{ results: number | null; state_string: string }>(
  `SELECT b.results, b.state_string FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name = $1 ORDER BY b.id`, [builder])
const ended = (builder: string, count: number) => until(`${count} builds of ${builder}`, async () => {
  const found = await builds(builder)
  return found.length >= count && found.every(({ results }) => results !== null) ? found : null
})

function aWorker(name: string, env: NodeJS.ProcessEnv = {}): RoleProcess {
  mkdirSync(join(folder, name), { recursive: true })
  return new RoleProcess(name, 'worker', { ...process.env, YARD_ENGINE: cluster.workerUrl, YARD_WORKER_NAME: name, YARD_WORKER_PASSWORD: 'pw', YARD_WORKER_BASEDIR: join(folder, name), ...env })
}

test('a worker whose machine fails is quarantined, says why, and is given builds again when somebody has looked', async () => {
  told()
  const journal = join(cluster.folder, 'sick', '.yard-worker/journal')
  renameSync(journal, `${journal}.away`)
  await force('quick')
  await force('quick')
  await force('quick')
  expect((await ended('quick', 2)).map(({ results }) => results)).toEqual([EXCEPTION, EXCEPTION])
  const sick = await yard.worker('sick')
  expect(sick).toMatchObject({ failures: 2, quarantine: { reason: expect.stringContaining('journal cannot be written') as string }, notes: 'in the attic', builds: 0 })
  expect(sick.labels).toMatchObject({ room: 'attic', os: process.platform, arch: process.arch })
  expect(await until('its load', async () => (await yard.worker('sick')).status)).toMatchObject({ diskFreeBytes: expect.any(Number) as number })
  renameSync(`${journal}.away`, journal)
  expect(await builds('quick')).toHaveLength(2)
  await yard.controlWorker('sick', 'unquarantine')
  expect((await ended('quick', 3)).at(-1)).toMatchObject({ results: SUCCESS })
  await until('the failures to be forgiven', async () => (await yard.worker('sick')).failures === 0)
})

test('a killed worker ends at once, and its build is built again by the next process of it', async () => {
  told()
  const w1 = cluster.workers[1]!
  await force('gated')
  await until('the build', () => truths().includes('begun'))
  expect(await yard.controlWorker('w1', 'kill', { reason: 'it burns' })).toMatchObject({ killed: true, builds: 0 })
  await w1.ended
  expect(w1.exitCode).toBe(0)
  expect((await builds('gated')).map(({ results }) => results)).toEqual([RETRY])
  writeFileSync(gate, '')
  await w1.start()
  expect((await ended('gated', 2)).at(-1)).toMatchObject({ results: SUCCESS })
  expect(await yard.worker('w1')).toMatchObject({ killed: false, graceful: false, failures: 0 })
})

test('--once: one build, whatever pauses it has, and no second one', async () => {
  told()
  await force('twice')
  await force('twice')
  const once = aWorker('once', { YARD_ONCE: '1' })
  await once.start()
  await once.ended
  expect(once.exitCode).toBe(0)
  expect((await builds('twice')).map(({ results }) => results)).toEqual([SUCCESS])
  expect(truths().filter(line => line === 'first' || line === 'second')).toEqual(['first', 'second'])
})

test('--on-stop=finish: the whole build is finished, its later steps too, and nothing more is taken', async () => {
  told()
  rmSync(gate, { force: true })
  const leaves = aWorker('leaves', { YARD_ON_STOP: 'finish' })
  await leaves.start()
  await force('parts')
  await until('the build', () => truths().includes('part1'))
  leaves.signal('SIGTERM')
  await until('the engine to know', async () => (await yard.worker('leaves')).graceful)
  await force('parts')
  writeFileSync(gate, '')
  await leaves.ended
  expect(leaves.exitCode).toBe(0)
  expect((await builds('parts')).map(({ results }) => results)).toEqual([SUCCESS])
  expect(truths().filter(line => line.startsWith('part'))).toEqual(['part1', 'part2'])
})

test('a worker that does not come is told to be missing, until it does', async () => {
  told()
  await until('the notice', async () => (await yard.worker('late')).missing)
  await until('the engine to say so', () => cluster.roles.engine.lines.some(line => line.includes('worker is missing') && line.includes('late')))
  const late = aWorker('late')
  await late.start()
  await until('it to come', async () => !(await yard.worker('late')).missing)
  await late.stop()
})
