import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXCEPTION, RETRY, SUCCESS } from '@yardmaster/domain'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import type { CommitPoint } from '../kit/postgres-proxy.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-replay-'))
const truthFile = join(folder, 'truth')
const LINES = 5

/** Each says in a file that no process of ours writes that it began and ended; between, it prints. */
const command = (name: string) => `echo "begin ${name} $build" >> '${truthFile}'; i=0; while [ $i -lt ${LINES} ]; do echo "${name} line $i"; i=$((i+1)); sleep 0.02; done; echo "end ${name} $build" >> '${truthFile}'`

/** Effects have the numbers that stand beside them. */
const config = (sink: string) => `
import { appendFileSync } from 'node:fs'
import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const only = { workers: ['w1'], collapseRequests: false }
const child = name => ({ name, ...only, steps: [steps.shell({ command: util.interpolate("echo 'child " + name + " of %(prop:parent)s' >> '${truthFile}'") })] })
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: [
    { name: 'whole', ...only, steps: [steps.custom({ name: 'all', run: async ctx => {
      const build = String(ctx.build.number)
      const run = (text, more = {}) => ctx.command(text, { env: { build, ...more }, logEnviron: false })
      const sent = (kind, more) => ctx.http({ url: '${sink}/' + kind + '/' + build, ...more })
      ctx.print('printed first')                                                        // 1
      const chosen = [await ctx.now(), await ctx.random()]                              // 2, 3
      await ctx.setProperty('chosen', chosen)                                           // 4
      const one = await run(${JSON.stringify(command('one'))})                          // 5
      await ctx.setProperty('one', one.stdout)                                          // 6
      const once = await ctx.once('append', () => { appendFileSync('${truthFile}', 'once ' + build + '\\n'); return 'appended' }) // 7
      await ctx.addURL('a page', 'http://example.org/' + once)                          // 8
      const careful = await sent('careful', { method: 'POST', body: 'x' })              // 9
      const again = await sent('again', { method: 'PUT', json: { build }, idempotent: true }) // 10
      const two = await run(${JSON.stringify(command('two'))})                          // 11
      const children = await ctx.trigger({ schedulers: ['children'], waitForFinish: true, properties: { parent: build } }) // 12, 13
      const token = await ctx.secret('token')                                           // 14
      const three = await run(${JSON.stringify(command('three'))} + '; echo "told $token"', { token }) // 15
      await ctx.summary({ step: 'all done' })                                           // 16
      ctx.print('printed last')                                                         // 17
      await ctx.setProperty('end', [chosen, careful.json(), again.json(), children.results, children.builds.map(one => [one.builder, one.results]), one.ok && two.ok && three.ok, three.stdout]) // 18
    } })] },
    child('child1'), child('child2'),
    { name: 'odd', ...only, steps: [async ctx => { await ctx.command(['sh', '-c', 'sleep 3', String(process.hrtime.bigint())]) }] },
  ],
  schedulers: [
    schedulers.force({ name: 'force', builders: ['whole', 'odd'] }),
    schedulers.triggerable({ name: 'children', builders: ['child1', 'child2'] }),
  ],
})
`

let server: Server
let cluster: Cluster
/** What has arrived, by its address. */
const arrived: string[] = []

beforeAll(async () => {
  writeFileSync(truthFile, '')
  server = createServer((request, response) => { arrived.push(request.url!); response.end(JSON.stringify(request.url!.split('/')[1])) })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const sink = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  cluster = await startCluster({ config: config(sink), workers: ['w1'], env: { YARD_SECRET_TOKEN: 'hunter2hunter2' } })
  await until('the worker to be connected', async () => (await cluster.rows('SELECT 1 FROM worker_sessions WHERE connected')).length > 0)
})
afterAll(async () => {
  await cluster?.stop()
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

type Point = { n: number; of: 'start' | 'end'; when: CommitPoint['when'] }
const struckAt = ({ n, of, when }: Point) => `${when} of the ${of} of effect ${n}`

/** The transaction that writes the start, or the end, of the effect. */
function transactionOf({ n, of }: Point): RegExp {
  if (of === 'start') return new RegExp(`INSERT INTO effects[^]*?\\{["\\d,]+\\}[^{]*\\{["\\d,]+\\}[^{]*\\{("\\d+",)*"${n}"(,"\\d+")*\\}`)
  return new RegExp(`"n":${n},"seq":\\d+,"ranges":[^"]*,"position":\\d+,"outcome":"`)
}

const points = (n: number, of: Point['of'], ...when: Point['when'][]): Point[] => when.map(one => ({ n, of, when: one }))
const [BEFORE, AFTER] = ['before the commit', 'after the commit'] as const

/** A fact's start is its end. Where a request or a function that must not be repeated may have happened is another test's. */
const survivable: Point[] = [
  ...points(1, 'end', BEFORE), ...points(3, 'end', AFTER), ...points(4, 'end', BEFORE), ...points(5, 'start', BEFORE, AFTER), ...points(5, 'end', BEFORE, AFTER),
  ...points(7, 'start', BEFORE), ...points(7, 'end', AFTER), ...points(8, 'end', BEFORE), ...points(9, 'start', BEFORE), ...points(9, 'end', AFTER), ...points(10, 'start', AFTER), ...points(10, 'end', BEFORE),
  ...points(11, 'end', AFTER), ...points(12, 'end', BEFORE, AFTER), ...points(13, 'start', AFTER), ...points(13, 'end', BEFORE, AFTER), ...points(14, 'end', AFTER), ...points(15, 'end', BEFORE), ...points(18, 'end', AFTER),
]

type Build = { id: number; number: number; results: number | null; state_string: string; properties: { [name: string]: [unknown, string] } }
const buildsOf = (builder: string) => cluster.rows<Build>('SELECT b.id, b.number, b.results, b.state_string, b.properties FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name = $1 ORDER BY b.id', [builder])

async function force(builder: string): Promise<number> {
  const [row] = await cluster.rows<{ id: number }>('SELECT id FROM builders WHERE name = $1', [builder])
  await cluster.client.control('forceschedulers/force', 'force', { builderid: row!.id, reason: 'replay' })
  return (await until('the build', async () => (await buildsOf(builder)).at(-1)?.results === null && (await buildsOf(builder)).at(-1)!)).id
}

const hasEnded = (id: number) => until(`build ${id} to end`, async () => (await cluster.rows<Build>('SELECT id, number, results, state_string, properties FROM builds WHERE id = $1 AND complete_at IS NOT NULL', [id]))[0])

/** Kills the engine at the point. False when the build has gone past it: what it is about was committed along with something that was struck before. */
async function strike(point: Point, build: () => Promise<number>): Promise<boolean> {
  let struck = false
  const victim = cluster.roles.engine
  cluster.proxies.engine.at({ transaction: transactionOf(point), when: point.when }, () => { struck = true; victim.signal('SIGKILL') })
  if (!victim.running) await victim.start()
  const id = await build()
  const past = point.of === 'start' ? '' : 'AND outcome IS NOT NULL'
  await until(struckAt(point), async () => struck || ((await cluster.rows(`SELECT 1 FROM effects WHERE build_id = $1 AND n = $2 ${past}`, [id, point.n])).length > 0 && 'past'))
  if (struck) await victim.ended
  else cluster.proxies.engine.at({ transaction: /(?!)/, when: AFTER }, () => {})
  return struck
}

const truth = () => readFileSync(truthFile, 'utf8').split('\n').filter(line => line !== '')

async function logOf(build: number, slug = 'stdio'): Promise<string[]> {
  const chunks = await cluster.rows<{ first_line: number; last_line: number; content: Buffer }>(
    `SELECT c.first_line, c.last_line, c.content FROM log_chunks c JOIN logs l ON l.id = c.log_id JOIN steps s ON s.id = l.step_id WHERE s.build_id = $1 AND l.slug = $2 ORDER BY c.first_line`, [build, slug])
  let next = 0
  for (const chunk of chunks) {
    expect(chunk.first_line, 'no line missing or twice').toBe(next)
    next = chunk.last_line + 1
  }
  return Buffer.concat(chunks.map(chunk => chunk.content)).toString().split('\n').filter(line => line.startsWith('o')).map(line => line.slice(1))
}

test('killed before and after the commit of every effect, each is done once', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  let id = 0
  const struck: string[] = []
  for (const point of survivable) if (await strike(point, async () => (id ||= await force('whole')))) struck.push(struckAt(point))
  if (!cluster.roles.engine.running) await cluster.roles.engine.start()
  const build = await hasEnded(id)
  expect(build).toMatchObject({ results: SUCCESS })
  expect(struck.length, struck.join('\n')).toBeGreaterThan(survivable.length - 4)

  const name = String(build.number)
  expect(await buildsOf('whole')).toHaveLength(1)
  const ours = ['one', 'two', 'three'].flatMap(which => [`begin ${which} ${name}`, `end ${which} ${name}`])
  expect(truth().sort()).toEqual([...ours, `once ${name}`, `child child1 of ${name}`, `child child2 of ${name}`].sort())
  expect(arrived.filter(url => url === `/careful/${name}`)).toHaveLength(1)
  expect(arrived.filter(url => url === `/again/${name}`).length).toBeGreaterThan(0)
  expect(await cluster.rows('SELECT scheduler FROM buildsets WHERE parent_build_id = $1', [id])).toEqual([{ scheduler: 'children' }])
  const lines = (which: string) => Array.from({ length: LINES }, (_, line) => `${which} line ${line}`)
  const { chosen, one, end } = build.properties
  expect(one![0]).toBe(lines('one').map(line => `${line}\n`).join(''))
  expect(end![0]).toEqual([chosen![0], 'careful', 'again', SUCCESS, [['child1', SUCCESS], ['child2', SUCCESS]], true, [...lines('three'), 'told <token>'].map(line => `${line}\n`).join('')])
  expect(await logOf(id)).toEqual(['printed first', ...lines('one'), ...lines('two'), ...lines('three'), 'told <token>', 'printed last'])
  const [step] = await cluster.rows<{ state_string: string; urls: { name: string }[] }>('SELECT state_string, urls FROM steps WHERE build_id = $1', [id])
  expect(step!.state_string).toBe('all done')
  expect(step!.urls.map(url => url.name).sort()).toEqual(['a page', expect.stringMatching(/^children #\d+$/), expect.stringMatching(/^children #\d+$/), 'success: child1 #1', 'success: child2 #1'])
})

/** How often it happened, by ground truth: at `start` nothing has left yet, but nobody can know. */
const unknown: { point: Point; reason: string; happened: number; count: (build: string) => number }[] = ([
  [7, `once 'append': unknown whether it happened`, (build: string) => truth().filter(line => line === `once ${build}`).length],
  [9, 'unknown whether it happened', (build: string) => arrived.filter(url => url === `/careful/${build}`).length],
] as const).flatMap(([n, reason, count]) => [
  { point: { n, of: 'start' as const, when: AFTER }, reason, count, happened: 0 },
  { point: { n, of: 'end' as const, when: BEFORE }, reason, count, happened: 1 },
])

test.each(unknown)('killed $point.when of the $point.of of what must not be repeated ($point.n): EXCEPTION, with the reason', async ({ point, reason, happened, count }) => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  if (!cluster.roles.engine.running) await cluster.roles.engine.start()
  let id = 0
  expect(await strike(point, async () => (id ||= await force('whole')))).toBe(true)
  await cluster.roles.engine.start()
  const build = await hasEnded(id)
  expect(build.results).toBe(EXCEPTION)
  expect((await cluster.rows<{ state_string: string }>('SELECT state_string FROM steps WHERE build_id = $1', [id]))[0]!.state_string).toContain(reason)
  expect(count(String(build.number))).toBe(happened)
  expect(truth().filter(line => line === `begin two ${build.number}`)).toEqual([])
})

test('a function that does something else in its replay: its build ends RETRY, says why, and is built again', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  const id = await force('odd')
  await until('its command to run', async () => (await cluster.rows('SELECT 1 FROM effects WHERE build_id = $1', [id])).length > 0)
  await cluster.roles.engine.kill()
  await cluster.roles.engine.start()
  expect(await hasEnded(id)).toMatchObject({ results: RETRY, state_string: 'not replayable: effect 1 was another command' })
  expect(await until('its successor to end', async () => (await buildsOf('odd')).at(-1)?.results === SUCCESS && (await buildsOf('odd')).length)).toBe(2)
})
