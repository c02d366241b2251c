import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CANCELLED, EXCEPTION, SUCCESS } from '@yardmaster/domain'
import { createYardClient } from '@yardmaster/rest'
import { afterAll, afterEach, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'
import { yardIn } from '../kit/yard.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-locks-'))
const truth = join(folder, 'truth')
const gate = join(folder, 'gate')
/** Who is in says so, and says when he leaves: `seconds` later, or when the gate is open. */
const inside = (what: string, seconds: number | null) =>
  `echo "in ${what} $WHO" >> '${truth}'; ${seconds === null ? `while [ ! -e '${gate}' ]; do sleep 0.1; done` : `sleep ${seconds}`}; echo "out ${what} $WHO" >> '${truth}'`
const config = `
import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const names = ['w0', 'w1', 'w2']
const disk = util.masterLock('disk', { maxCount: 2 })
const room = util.workerLock('room')
const slot = util.masterLock('slot')
const [left, right] = [util.masterLock('left'), util.masterLock('right')]
const who = { WHO: util.interpolate('%(prop:buildername)s-%(prop:buildnumber)s') }
const on = (name, step, more = {}) => ({ name, workers: names, collapseRequests: false, steps: [steps.shell({ name: 'work', env: who, ...step })], ...more })
const target = input => [util.masterLock('target-' + input.property('target')).access('exclusive')]
export default defineConfig({
  workers: names.map(name => workers.worker({ name, password: 'pw' })),
  builders: [
    on('a', { command: ${JSON.stringify(inside('disk', 0.7))}, locks: [disk.access('counting')] }),
    on('b', { command: ${JSON.stringify(inside('disk', 0.7))}, locks: [disk.access('counting')] }),
    on('r', { command: ${JSON.stringify(inside('room', 0.3))}, locks: [room.access('exclusive')] }, { workers: ['w0'] }),
    on('s', { command: ${JSON.stringify(inside('room', 0.3))}, locks: [room.access('exclusive')] }, { workers: ['w0'] }),
    on('p', { command: ${JSON.stringify(inside('target', 0.3))} }, { locks: target, properties: { target: 'x' } }),
    on('q', { command: ${JSON.stringify(inside('target', 0.3))} }, { locks: target, properties: { target: 'x' } }),
    on('h', { command: ${JSON.stringify(inside('slot', null))}, locks: () => [slot.access('counting')] }),
    on('i', { command: ${JSON.stringify(inside('slot', null))}, locks: () => [slot.access('counting')] }),
    on('d', { command: ${JSON.stringify(inside('circle', null))} }, { locks: [left.access('exclusive')] }),
    on('e', { command: ${JSON.stringify(inside('circle', null))} }, { locks: [right.access('exclusive')] }),
  ].map(builder => builder.name === 'd' || builder.name === 'e'
    ? { ...builder, steps: [...builder.steps, steps.shell({ name: 'crosses', command: 'true', locks: [(builder.name === 'd' ? right : left).access('exclusive')] })] } : builder),
  schedulers: [['disk', 'a', 'b'], ['room', 'r', 's'], ['target', 'p', 'q'], ['slot', 'h'], ['next', 'i'], ['circle', 'd', 'e']].map(([name, ...builders]) => schedulers.force({ name, builders })),
})
`

let cluster: Cluster
beforeAll(async () => {
  writeFileSync(truth, '')
  cluster = await startCluster({ config, workers: ['w0', 'w1', 'w2'], engines: 2 })
  await connected()
})
afterAll(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => {
  writeFileSync(truth, '')
  rmSync(gate, { force: true })
})

const connected = () => until('all workers to be connected', async () =>
  (await cluster.rows(`SELECT 1 FROM worker_sessions s JOIN replicas r ON r.id = s.replica_id WHERE s.connected AND r.state = 'alive'`)).length === 3)
const force = (scheduler: string) => cluster.client.control(`forceschedulers/${scheduler}`, 'force', { reason: 'r' })
const lines = () => readFileSync(truth, 'utf8').split('\n').filter(line => line !== '')
const waiting = (text: string) => until(`a step that says: ${text}`, async () => (await cluster.rows<{ build_id: number }>('SELECT build_id FROM steps WHERE state_string = $1 AND started_at IS NULL', [text]))[0]?.build_id)

/** Everything is built; how many were inside at once, by the commands' own account, in which each is there once. */
async function mostInside(what: string, results: (number | null)[] = [SUCCESS]): Promise<number> {
  await until('every request to be complete', async () => (await cluster.rows(`SELECT 1 FROM build_requests WHERE state <> 'complete'`)).length === 0)
  const said = lines().filter(line => line.includes(` ${what} `))
  expect(new Set(said).size).toBe(said.length)
  let [now, most] = [0, 0]
  for (const line of said) most = Math.max(most, now += line.startsWith('in ') ? 1 : -1)
  expect(now).toBe(0)
  expect((await cluster.rows<{ results: number }>('SELECT DISTINCT results FROM builds ORDER BY results')).map(row => row.results)).toEqual(results)
  expect(await cluster.rows('SELECT * FROM lock_claims')).toEqual([])
  expect(await cluster.rows('SELECT * FROM locks')).toEqual([])
  return most
}

test('a counting lock of two, over six builds on three workers and two engines', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  for (let n = 0; n < 3; n++) await force('disk')
  expect(await mostInside('disk')).toBe(2)
})

test('a lock of a worker, and a lock of builders that a function names', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  for (let n = 0; n < 2; n++) await Promise.all([force('room'), force('target')])
  expect(await mostInside('room')).toBe(1)
  expect(await mostInside('target')).toBe(1)
})

test('engines are killed while one step holds and another waits: it is held on, waited for on, and nothing is left', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  await force('slot')
  await until('somebody inside', () => lines().length === 1)
  await force('next')
  await waiting('waiting for lock slot held by build h/1 step work')
  for (const engine of cluster.engines) {
    await engine.kill()
    await connected()
    await engine.start()
    expect(await cluster.rows('SELECT held_at IS NOT NULL AS held FROM lock_claims ORDER BY id')).toEqual([{ held: true }, { held: false }])
  }
  const outcome = await (await yardIn({ folder })).run('locks', '--url', cluster.url)
  expect(outcome.stdout).toMatch(/slot \(1\) +holds +h\/1 +work.*\n.*slot \(1\) +waits +i\/1 +work/)
  expect(lines()).toEqual(['in slot h-1'])
  writeFileSync(gate, '')
  expect(await mostInside('slot')).toBe(1)
  expect(lines()).toEqual(['in slot h-1', 'out slot h-1', 'in slot i-1', 'out slot i-1'])
})

test('stopped while it waits, a build ends at once; a circle is told, and the younger build ends', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  await force('slot')
  await until('somebody inside', () => lines().length === 1)
  await force('next')
  const build = await waiting('waiting for lock slot held by build h/2 step work')
  await cluster.client.control(`builds/${build}`, 'stop', { reason: 'enough' })
  await until('the end of the build', async () => (await cluster.rows('SELECT 1 FROM builds WHERE id = $1 AND results = $2', [build, CANCELLED])).length === 1)
  expect((await createYardClient({ baseUrl: cluster.url }).locks()).map(({ name, holders, waiters }) => [name, holders.length, waiters.length])).toEqual([['slot', 1, 0]])
  await force('circle')
  await until('all three inside', () => lines().length === 3)
  writeFileSync(gate, '')
  await mostInside('circle', [SUCCESS, EXCEPTION, CANCELLED].sort((a, b) => a - b))
  const told = await cluster.rows<{ state_string: string }>(`SELECT state_string FROM steps WHERE state_string LIKE 'deadlock: %'`)
  expect(told).toEqual([{ state_string: expect.stringMatching(/^deadlock: build [de]\/1 waits for lock (left|right) held by build [de]\/1, build [de]\/1 waits for lock (left|right) held by build [de]\/1$/) }])
})
