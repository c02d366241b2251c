import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SUCCESS } from '@yardmaster/domain'
import { createYardClient, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'
import { yardIn } from '../kit/yard.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-drain-'))
const truth = join(folder, 'truth')
const gate = join(folder, 'gate')
const names = Array.from({ length: 10 }, (_, n) => `w${n}`)
const command = `echo begin-$B >> '${truth}'; i=0; while [ ! -e '${gate}' ]; do i=$((i+1)); echo line $i; sleep 0.1; done; echo end-$B $i >> '${truth}'`
const config = `
import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const shared = { workers: ${JSON.stringify(names)}, collapseRequests: false, steps: [
  steps.shell({ name: 'counts', command: ${JSON.stringify(command)}, env: { B: util.interpolate('%(prop:buildername)s-%(prop:buildnumber)s') } }),
  steps.shell({ name: 'after', command: 'true' }),
] }
export default defineConfig({
  workers: ${JSON.stringify(names)}.map(name => workers.worker({ name, password: 'pw' })),
  builders: [{ name: 'a', ...shared }, { name: 'b', ...shared }],
  schedulers: [schedulers.force({ name: 'force', builders: ['a', 'b'] })],
})
`

let cluster: Cluster
let yard: YardClient
beforeAll(async () => {
  writeFileSync(truth, '')
  cluster = await startCluster({ config, workers: names, engines: 2 })
  yard = createYardClient({ baseUrl: cluster.url })
  // All may have gone to the engine that was there first: it lets some of them go again.
  await until('all workers to be connected, and some of them at each engine', async () => {
    const connected = (await engines()).map(engine => engine.workers)
    return connected.length === 2 && Math.min(...connected) > 0 && connected.reduce((sum, n) => sum + n, 0) === names.length
  })
})
afterAll(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const engines = async () => (await yard.replicas()).filter(({ role }) => role === 'engine')
const lines = () => readFileSync(truth, 'utf8').split('\n').filter(line => line !== '')
const running = async () => (await cluster.rows('SELECT 1 FROM builds WHERE complete_at IS NULL')).length

/** 20 builds, each at work. */
async function build20(): Promise<void> {
  rmSync(gate, { force: true })
  const before = lines().length
  for (let n = 0; n < 10; n++) await cluster.client.control('forceschedulers/force', 'force', { reason: `build ${n}` })
  await until('20 commands to be under way', () => lines().length === before + 20)
}

/** Lets the commands end. */
async function expectEachBuiltOnce(total: number): Promise<void> {
  writeFileSync(gate, '')
  await until('every request to be complete', async () => (await cluster.rows(`SELECT 1 FROM build_requests WHERE state <> 'complete'`)).length === 0)
  expect(await cluster.rows('SELECT results, count(*)::int AS n FROM builds GROUP BY results')).toEqual([{ results: SUCCESS, n: total }])
  expect([...lines()].sort()).toEqual([...new Set(lines())].sort())
  expect(lines()).toHaveLength(2 * total)
  const logs = await cluster.rows<{ name: string; text: string }>(
    `SELECT u.name || '-' || b.number AS name, string_agg(convert_from(c.content, 'UTF8'), '' ORDER BY c.first_line) AS text FROM log_chunks c JOIN logs l ON l.id = c.log_id JOIN steps s ON s.id = l.step_id
     JOIN builds b ON b.id = s.build_id JOIN builders u ON u.id = b.builder_id WHERE s.name = 'counts' GROUP BY u.name, b.number`)
  expect(logs).toHaveLength(total)
  for (const { name, text } of logs) {
    const printed = Number(/\d+$/.exec(lines().find(line => line.startsWith(`end-${name} `)) ?? '')?.[0])
    expect(text.split('\n').filter(line => line.startsWith('oline '))).toEqual(Array.from({ length: printed }, (_, n) => `oline ${n + 1}`))
  }
}

test('an engine drained by REST under 20 builds is gone in seconds, and its builds go on at the other one', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  await build20()
  const [first] = cluster.engines
  const row = (await engines()).find(({ pid }) => pid === first!.pid)!
  expect(row).toMatchObject({ role: 'engine', state: 'alive', draining: null })
  expect(row.workers).toBeGreaterThan(0)
  const drained = await yard.drain(row.id)
  expect(drained.draining).toMatchObject({ deadline: null, actor: 'user:anonymous' })
  await until('it to be gone', () => !first!.running)
  expect(first!.exitCode).toBe(0)
  expect(first!.lines.filter(line => /"level":"(error|fatal)"/.test(line))).toEqual([])
  expect(await yard.replica(row.id)).toMatchObject({ state: 'stopped', workers: 0 })
  expect(await running()).toBe(20)
  await expect(yard.drain(row.id)).rejects.toThrow('has ended already')
  await expectEachBuiltOnce(20)
  expect(await cluster.rows(`SELECT action, thing, thing_id FROM control_actions WHERE thing = 'replicas'`)).toEqual([{ action: 'drain', thing: 'replicas', thing_id: row.id }])
})

test('yard drain --wait of the only engine: its builds wait for the next one', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  await build20()
  const [first, second] = cluster.engines
  const yardCommand = await yardIn({ folder })
  const outcome = await yardCommand.run('drain', String((await engines())[0]!.id), '--wait', '--url', cluster.url)
  expect(outcome).toMatchObject({ code: 0, stderr: expect.stringContaining('is drained and has ended') })
  await until('it to be gone', () => !second!.running)
  expect(second!.exitCode).toBe(0)
  expect(await running()).toBe(20)
  await first!.start()
  await expectEachBuiltOnce(40)
})
