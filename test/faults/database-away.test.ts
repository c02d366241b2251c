import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres, type LocalServer } from '@yardmaster/cli/local'
import { SUCCESS } from '@yardmaster/domain'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { testPort } from '../kit/ports.js'
import { until } from '../kit/until.js'

const clock = systemClock()
const BUILDERS = ['b0', 'b1', 'b2', 'b3', 'b4', 'b5']
const STEPS = 3
const LINES = 60
/** Long enough for every loop to be in its longest pause, and for peers to suspect each other. */
const AWAY_MS = 20_000

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-away-'))
const truthFile = join(folder, 'truth')
const script = (step: number) => [
  `id="%(prop:buildername)s/${step}"`, `echo "begin $id" >> '${truthFile}'`,
  `i=0; while [ $i -lt ${LINES} ]; do echo "$id line $i"; i=$((i+1)); sleep 0.1; done`, `echo "end $id" >> '${truthFile}'`,
].join('; ')
const config = `
import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const builders = ${JSON.stringify(BUILDERS)}
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: builders.map(name => ({ name, workers: ['w1'], steps: [
    ${Array.from({ length: STEPS }, (_, step) => `steps.shell({ name: 's${step}', command: util.interpolate(${JSON.stringify(script(step))}), logEnviron: false }),`).join('\n    ')}
  ] })),
  schedulers: [schedulers.force({ name: 'force', builders })],
})
`

let postgres: LocalServer
let cluster: Cluster

async function serve(port: number | null): Promise<LocalServer> {
  return startPostgres({ folder, preferredPort: port, durable: false, maxConnections: 100, clock, random: systemRandom(), note: () => {} })
}

beforeAll(async () => {
  writeFileSync(truthFile, '')
  postgres = await serve(await testPort())
  cluster = await startCluster({ config, workers: ['w1'], database: { url: postgres.url, drop: () => Promise.resolve() } })
})
afterAll(async () => {
  await cluster?.stop()
  await postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('builds go on while PostgreSQL is away, nobody is buried, and nothing is lost', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  await until('the worker to be connected', async () => (await cluster.rows('SELECT 1 FROM worker_sessions WHERE connected')).length > 0)
  const ids = await cluster.rows<{ id: number }>('SELECT id FROM builders ORDER BY name')
  for (const { id } of ids) await cluster.client.control('forceschedulers/force', 'force', { builderid: id, reason: 'a scenario' })
  await until('all builds to print', async () => (await cluster.rows('SELECT DISTINCT s.build_id FROM logs l JOIN steps s ON s.id = l.step_id WHERE l.num_lines > 5')).length === BUILDERS.length)

  const port = postgres.port
  await postgres.stop()
  const refused = await fetch(`${cluster.url}api/v2/builds`)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2'])
  await clock.sleep(AWAY_MS)
  postgres = await serve(port)
  expect(postgres.port).toBe(port)

  await until('every request to end', async () => (await cluster.rows(`SELECT 1 FROM build_requests WHERE state <> 'complete'`)).length === 0)
  expect(await cluster.rows(`SELECT name, state FROM replicas WHERE state <> 'alive'`)).toEqual([])
  expect(Object.values(cluster.roles).map(role => [role.name, role.running, role.starts])).toEqual(Object.values(cluster.roles).map(role => [role.name, true, 1]))
  expect(await cluster.rows('SELECT results, count(*)::int AS n FROM builds GROUP BY results')).toEqual([{ results: SUCCESS, n: BUILDERS.length }])
  const truth = readFileSync(truthFile, 'utf8').split('\n')
  for (const name of BUILDERS) {
    for (let step = 0; step < STEPS; step++) {
      const id = `${name}/${step}`
      expect(truth.filter(line => line === `begin ${id}` || line === `end ${id}`), id).toEqual([`begin ${id}`, `end ${id}`])
      const chunks = await cluster.rows<{ content: Buffer }>(
        `SELECT c.content FROM log_chunks c JOIN logs l ON l.id = c.log_id JOIN steps s ON s.id = l.step_id JOIN builds b ON b.id = s.build_id JOIN builders u ON u.id = b.builder_id
         WHERE u.name = $1 AND s.number = $2 AND l.slug = 'stdio' ORDER BY c.first_line`, [name, step])
      const printed = Buffer.concat(chunks.map(chunk => chunk.content)).toString().split('\n').filter(line => line.startsWith('o'))
      expect(printed).toEqual(Array.from({ length: LINES }, (_, line) => `o${id} line ${line}`))
    }
  }
})
