import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SUCCESS } from '@yardmaster/domain'
import { exitCodes, systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const clock = systemClock()
const LONG = process.env['YARD_TEST_LONG'] === '1'
const BUILDS = LONG ? 50 : 12
const LINES = LONG ? 70 : 60
/** Each line is a process: two cores must also run everything else. */
const BETWEEN_LINES = LONG ? 0.6 : 0.3
const FAULT_MS = LONG ? 30_000 : 15_000
/** The budget; a machine that tests other things beside may take longer. */
const FIRST_LINE_MS = LONG ? 10_000 : Infinity
const WORKERS = Array.from({ length: LONG ? 10 : 4 }, (_, n) => `w${n}`)
const BUILDERS = Array.from({ length: BUILDS }, (_, n) => `b${n}`)

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-failover-'))
const truthFile = join(folder, 'truth')
const script = [
  `id="%(prop:buildername)s/%(prop:buildnumber)s"`, `echo "begin $id" >> '${truthFile}'`,
  `i=0; while [ $i -lt ${LINES} ]; do echo "$id line $i"; i=$((i+1)); sleep ${BETWEEN_LINES}; done`, `echo "end $id" >> '${truthFile}'`,
].join('; ')
const config = `
import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const all = ${JSON.stringify(WORKERS)}
const builders = ${JSON.stringify(BUILDERS)}
export default defineConfig({
  workers: all.map(name => workers.worker({ name, password: 'pw' })),
  builders: builders.map((name, n) => ({ name, workers: [all[n % all.length]], steps: [
    steps.shell({ name: 'prints', command: util.interpolate(${JSON.stringify(script)}), logEnviron: false }),
    steps.shell({ name: 'after', command: ['true'], logEnviron: false }),
  ] })),
  schedulers: [schedulers.force({ name: 'force', builders })],
})
`

let cluster: Cluster
beforeAll(async () => {
  writeFileSync(truthFile, '')
  cluster = await startCluster({ config, workers: WORKERS, engines: 2 })
  for (const engine of cluster.engines) engine.supervise()
})
afterAll(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})

type Printing = { build: number; id: string; lines: number }
const printing = () => cluster.rows<Printing>(
  `SELECT b.id AS build, u.name || '/' || b.number AS id, coalesce(max(l.num_lines), 0)::int AS lines
   FROM builds b JOIN builders u ON u.id = b.builder_id LEFT JOIN steps s ON s.build_id = b.id AND s.number = 0 LEFT JOIN logs l ON l.step_id = s.id
   WHERE b.complete_at IS NULL GROUP BY b.id, u.name`)

/** All workers at one engine, each with its builds, and each of those prints. */
async function allPrintAt(engine: number): Promise<void> {
  const other = 1 - engine
  cluster.network.refuse({ engine: other })
  await until('every worker at one engine', () => {
    const at = cluster.network.placements()
    return at.length === WORKERS.length && at.every(place => place.engine === engine)
  })
  for (const { id } of await cluster.rows<{ id: number }>('SELECT id FROM builders ORDER BY id')) {
    await cluster.client.control('forceschedulers/force', 'force', { builderid: id, reason: 'a fault' })
  }
  await until('all builds to print', async () => (await printing()).filter(build => build.lines > 2).length === BUILDS)
  cluster.network.heal({ engine: other })
}

/** How long each build's next committed line takes, in ms, sorted. */
async function nextLines(): Promise<number[]> {
  const began = clock.monotonic()
  const before = new Map((await printing()).map(({ build, lines }) => [build, lines]))
  expect(before.size).toBe(BUILDS)
  const took = new Map<number, number>()
  // Of those that have ended by now too: all that was held up may be written at once.
  const now = () => cluster.rows<{ build: number; lines: number }>('SELECT s.build_id AS build, l.num_lines AS lines FROM steps s JOIN logs l ON l.step_id = s.id WHERE s.number = 0 AND s.build_id = ANY($1)', [[...before.keys()]])
  await until('a new line of every build', async () => {
    for (const { build, lines } of await now()) if (!took.has(build) && lines > before.get(build)!) took.set(build, clock.monotonic() - began)
    return took.size === BUILDS
  })
  return [...took.values()].sort((a, b) => a - b)
}

/** Of every build: it succeeded, its command ran once, and its lines are what that printed. */
async function verify(rounds: number): Promise<void> {
  await until('every build to end', async () => (await cluster.rows(`SELECT 1 FROM build_requests WHERE state <> 'complete'`)).length === 0)
  expect(await cluster.rows('SELECT results, count(*)::int AS n FROM builds GROUP BY results')).toEqual([{ results: SUCCESS, n: BUILDS * rounds }])
  const truth = readFileSync(truthFile, 'utf8').split('\n')
  const logs = await cluster.rows<{ id: string; log: number }>(
    `SELECT u.name || '/' || b.number AS id, l.id AS log FROM logs l JOIN steps s ON s.id = l.step_id AND s.number = 0
     JOIN builds b ON b.id = s.build_id JOIN builders u ON u.id = b.builder_id WHERE l.slug = 'stdio'`)
  expect(logs).toHaveLength(BUILDS * rounds)
  for (const { id, log } of logs) {
    expect(truth.filter(line => line.endsWith(` ${id}`)), id).toEqual([`begin ${id}`, `end ${id}`])
    const chunks = await cluster.rows<{ content: Buffer }>('SELECT content FROM log_chunks WHERE log_id = $1 ORDER BY first_line', [log])
    const printed = Buffer.concat(chunks.map(chunk => chunk.content)).toString().split('\n').filter(line => line.startsWith('o'))
    expect(printed, id).toEqual(Array.from({ length: LINES }, (_, line) => `o${id} line ${line}`))
  }
}

function report(fault: string, took: number[]): void {
  const at = (share: number) => Math.round(took[Math.min(took.length - 1, Math.floor(took.length * share))]!)
  process.stderr.write(`${fault}: next committed line of ${BUILDS} builds p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`)
}

const states = () => cluster.rows<{ state: string; n: number }>(`SELECT state, count(*)::int AS n FROM replicas GROUP BY state ORDER BY state`)
const dead = async () => (await states()).find(({ state }) => state === 'dead')?.n ?? 0

/** What happens to an engine; `mend` resolves when it is well again. */
const faults: { name: string; buried: boolean; strike(engine: number): Promise<unknown>; mend(engine: number, buried: Promise<unknown>): Promise<void> }[] = [
  { name: 'killed', buried: true, strike: at => cluster.engines[at]!.kill(), mend: () => Promise.resolve() },
  {
    name: 'frozen', buried: true,
    strike: at => Promise.resolve(cluster.engines[at]!.signal('SIGSTOP')),
    async mend(at, isBuried) {
      await isBuried
      const { ended } = cluster.engines[at]!
      cluster.engines[at]!.signal('SIGCONT')
      await ended
      expect(cluster.engines[at]!.exitCode).toBe(exitCodes.buried)
    },
  },
  {
    name: 'cut off from the database', buried: true,
    strike: at => Promise.resolve(cluster.engineProxies[at]!.blackhole()),
    async mend(at, isBuried) {
      await isBuried
      const { ended } = cluster.engines[at]!
      cluster.engineProxies[at]!.heal()
      await ended
      expect(cluster.engines[at]!.exitCode).toBe(exitCodes.buried)
    },
  },
  {
    name: 'cut off from its workers', buried: false,
    strike: at => Promise.resolve(cluster.network.hold({ engine: at })),
    async mend(at) {
      await clock.sleep(FAULT_MS)
      cluster.network.heal({ engine: at })
    },
  },
]

let rounds = 0
test.each(faults)('an engine with running builds is $name: each goes on at the other one', async ({ name, buried, strike, mend }) => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  const engine = rounds % 2
  rounds += 1
  const buriedBefore = await dead()
  await allPrintAt(engine)
  await strike(engine)
  const isBuried = buried ? until('it to be buried', async () => await dead() > buriedBefore) : Promise.resolve()
  const mended = mend(engine, isBuried)
  mended.catch(() => {})
  const took = await nextLines()
  report(name, took)
  await verify(rounds)
  await mended
  expect(await dead() - buriedBefore).toBe(buried ? 1 : 0)
  await until('both engines to run', async () => (await cluster.rows(`SELECT 1 FROM replicas WHERE role = 'engine' AND state = 'alive'`)).length === 2)
  expect(took.at(-1)).toBeLessThan(FIRST_LINE_MS)
})

test('connections that flap 20 times lose nothing', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  rounds += 1
  await allPrintAt(0)
  await cluster.network.flap({}, 20, 700)
  await verify(rounds)
})

test(`the database is in a black hole for all, for ${FAULT_MS / 1000} s: nobody is buried, and all goes on within seconds`, async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  rounds += 1
  await allPrintAt(0)
  const before = await states()
  const starts = cluster.processes().map(role => role.starts)
  const proxies = new Set([...Object.values(cluster.proxies), ...cluster.engineProxies])
  for (const proxy of proxies) proxy.blackhole()
  await clock.sleep(FAULT_MS)
  for (const proxy of proxies) proxy.heal()
  const took = await nextLines()
  report('database away', took)
  await verify(rounds)
  expect(await states()).toEqual(before)
  expect(cluster.processes().map(role => role.starts)).toEqual(starts)
  expect(took.at(-1)).toBeLessThan(FIRST_LINE_MS)
})
