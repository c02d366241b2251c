import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { allBuilt, expectUndisturbed, force, ledger, nothingLeft, Truth } from '../kit/latent-story.js'
import { until } from '../kit/until.js'

const clock = systemClock()
const folder = mkdtempSync(join(tmpdir(), 'yardmaster-machine-faults-'))
const stories = ['engine', 'drain', 'provisioner', 'database', 'everything', 'reload', 'removed'] as const
type Story = (typeof stories)[number]
const truths = Object.fromEntries(stories.map(story => [story, new Truth(mkdtempSync(join(folder, `${story}-`)))])) as { [story in Story]: Truth }

/** A pool and a builder for each story; `without` a pool its builder has an ordinary worker, which never comes. */
const configuration = ({ without = '', version = '1' }: { without?: string; version?: string } = {}) => `
import { defineConfig, providers, schedulers, steps, workers } from '@yardmaster/config'
const commands = ${JSON.stringify(Object.fromEntries(stories.map(story => [story, truths[story].waiting()])))}
const pools = Object.keys(commands).filter(name => name !== '${without}')
export default defineConfig({
  workers: [
    workers.worker({ name: 'absent', password: 'pw' }),
    ...pools.map(name => workers.pool({ name, provider: providers.process({ env: { VERSION: name === 'reload' ? '${version}' : '1' } }), max: 2, buildWaitTimeout: name === 'reload' ? 600 : 2 })),
  ],
  builders: Object.entries(commands).map(([name, command]) => ({ name, workers: [pools.includes(name) ? name : 'absent'], collapseRequests: false, steps: [
    steps.shell({ command: command + '; echo version $VERSION', logEnviron: false }),
  ] })),
  schedulers: [schedulers.force({ name: 'force', builders: Object.keys(commands) })],
})
`

let cluster: Cluster
beforeAll(async () => { cluster = await startCluster({ config: configuration(), workers: [], engines: 2, provisioners: 2, env: { YARD_MACHINE_SETTLE: '3' } }) })
afterAll(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})
const tellWhenFailed = () => onTestFailed(async () => { process.stderr.write(`${lastWords(cluster)}\n${JSON.stringify(await ledger(cluster), null, 1)}\n`) })
const ledgerOf = async (pool: string) => (await ledger(cluster)).filter(row => row.pool === pool)
const workersAlive = () => cluster.machines().filter(({ worker }) => worker !== null)
const running = (story: Story, builds: number) => until(`${builds} builds to run`, () => truths[story].begun() === builds)

/** The builds ended well, on the machines they began on, one command each, and nothing is left. */
async function endsWell(story: Story, requests: number[], machines: number): Promise<void> {
  truths[story].open()
  await allBuilt(cluster, requests)
  await expectUndisturbed(cluster, requests)
  expect([truths[story].begun(), truths[story].ended()]).toEqual([requests.length, requests.length])
  await nothingLeft(cluster, story)
  expect((await ledgerOf(story)).map(({ failure, uses }) => ({ failure, uses }))).toEqual(Array.from({ length: machines }, () => ({ failure: null, uses: 1 })))
}

test('an engine that dies while one machine boots and another builds costs neither', async () => {
  tellWhenFailed()
  const requests = await force(cluster, 'engine')
  await running('engine', 1)
  requests.push(...await force(cluster, 'engine'))
  await until('the second to be asked for', async () => (await ledgerOf('engine')).length === 2)
  const [holder] = await cluster.rows<{ pid: number }>(`SELECT r.pid FROM worker_sessions s JOIN replicas r ON r.id = s.replica_id JOIN workers w ON w.id = s.worker_id WHERE s.connected AND w.name LIKE 'engine-%'`)
  const engine = cluster.engines.find(({ pid }) => pid === holder!.pid)!
  await engine.kill()
  await running('engine', 2)
  await engine.start()
  await endsWell('engine', requests, 2)
})

test('an engine that is drained hands over builds on machines: they end on the machines they began on', async () => {
  tellWhenFailed()
  const requests = await force(cluster, 'drain', { times: 2 })
  await running('drain', 2)
  const [holder] = await cluster.rows<{ pid: number }>(`SELECT r.pid FROM worker_sessions s JOIN replicas r ON r.id = s.replica_id JOIN workers w ON w.id = s.worker_id WHERE s.connected AND w.name LIKE 'drain-%'`)
  const engine = cluster.engines.find(({ pid }) => pid === holder!.pid)!
  await engine.stop()
  expect(engine.exitCode).toBe(0)
  await endsWell('drain', requests, 2)
  await engine.start()
})

test('both provisioners are killed while one machine boots and another builds: the machines stay, and go when they are idle', async () => {
  tellWhenFailed()
  const requests = await force(cluster, 'provisioner')
  await running('provisioner', 1)
  const [first] = workersAlive()
  requests.push(...await force(cluster, 'provisioner'))
  // Not sooner: one of which only the row is there is given up, and another one is started.
  await until('the second to boot', () => workersAlive().length === 2)
  await Promise.all(cluster.provisioners.map(provisioner => provisioner.kill()))
  await Promise.all(cluster.provisioners.map(provisioner => provisioner.start()))
  await running('provisioner', 2)
  expect(workersAlive().map(({ pid }) => pid)).toContain(first!.pid)
  await endsWell('provisioner', requests, 2)
})

test('the database is away for 5 s: no machine is taken for dead, none is started twice', async () => {
  tellWhenFailed()
  const requests = await force(cluster, 'database', { times: 2 })
  await running('database', 2)
  const before = workersAlive().map(({ pid }) => pid).sort()
  const proxies = [...Object.values(cluster.proxies), ...cluster.engineProxies, ...cluster.provisionerProxies]
  for (const proxy of proxies) proxy.blackhole()
  await clock.sleep(5_000)
  for (const proxy of proxies) proxy.heal()
  await endsWell('database', requests, 2)
  expect(before).toHaveLength(2)
})

test('every process of ours is killed and started again: the machines are found again, their builds go on, nothing is left', async () => {
  tellWhenFailed()
  const requests = await force(cluster, 'everything', { times: 2 })
  await running('everything', 2)
  const before = workersAlive().map(({ pid }) => pid).sort()
  await Promise.all(cluster.processes().map(process => process.kill()))
  expect(workersAlive().map(({ pid }) => pid).sort()).toEqual(before)
  await Promise.all(cluster.processes().map(process => process.start()))
  await endsWell('everything', requests, 2)
})

/** All replicas that read the file take it. */
async function reload(text: string): Promise<void> {
  writeFileSync(join(cluster.folder, 'yard.config.ts'), text)
  const { engine } = cluster.roles
  const seen = engine.lines.length
  engine.signal('SIGHUP')
  await until('the configuration to be active', () => engine.lines.slice(seen).some(line => line.includes('configuration is active')))
}
const logOf = async (request: number) => {
  const [build] = await cluster.rows<{ id: number }>('SELECT id FROM builds WHERE build_request_id = $1', [request])
  return (await cluster.client.raw(`builds/${build!.id}/steps/0/logs/stdio/raw_inline`)).text()
}

test('other options: an idle machine is replaced, one that builds finishes first, and the next build has the new ones', async () => {
  tellWhenFailed()
  const [first] = await force(cluster, 'reload')
  await running('reload', 1)
  await reload(configuration({ version: '2' }))
  truths.reload.open()
  await allBuilt(cluster, [first!])
  await until('its machine to go', async () => (await ledgerOf('reload')).every(row => row.gone))
  const [second] = await force(cluster, 'reload')
  await allBuilt(cluster, [second!])
  await expectUndisturbed(cluster, [first!, second!])
  expect(await logOf(first!)).toContain('version 1')
  expect(await logOf(second!)).toContain('version 2')
  // Idle, and would be kept for ten minutes.
  await reload(configuration({ version: '3' }))
  await nothingLeft(cluster, 'reload')
})

test('a pool that is not in the configuration any more: its builds finish, then its machines go', async () => {
  tellWhenFailed()
  const requests = await force(cluster, 'removed', { times: 2 })
  await running('removed', 2)
  await reload(configuration({ version: '3', without: 'removed' }))
  await endsWell('removed', requests, 2)
})
