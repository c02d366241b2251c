import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RETRY, SUCCESS } from '@yardmaster/domain'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import type { CommitPoint } from '../kit/postgres-proxy.js'
import type { RoleProcess } from '../kit/role-process.js'
import { seenTransitions, watchTransitions } from '../kit/transitions.js'
import { until } from '../kit/until.js'

const WORKERS = ['w1', 'w2', 'w3']
const BUILDERS = Array.from({ length: 10 }, (_, index) => `b${index}`)
const CHANGES = 3
const STEPS = 3
const LINES = 40

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-truth-'))
const truthFile = join(folder, 'truth')

/** Every command says, in a file that no process of ours writes, that it began and that it ended; between, it prints. */
const script = (step: number) => [
  `id="%(prop:buildername)s/%(prop:buildnumber)s/${step}"`,
  `echo "begin $id" >> '${truthFile}'`,
  `i=0; while [ $i -lt ${LINES} ]; do echo "$id line $i"; i=$((i+1)); sleep 0.03; done`,
  `echo "end $id" >> '${truthFile}'`,
].join('; ')

const config = `
import { changeHooks, defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const all = ${JSON.stringify(WORKERS)}
const builders = ${JSON.stringify(BUILDERS)}
export default defineConfig({
  workers: all.map(name => workers.worker({ name, password: 'pw' })),
  builders: builders.map(name => ({ name, workers: all, collapseRequests: false, steps: [
    ${Array.from({ length: STEPS }, (_, step) => `steps.shell({ name: 's${step}', command: util.interpolate(${JSON.stringify(script(step))}), logEnviron: false }),`).join('\n    ')}
  ] })),
  schedulers: [schedulers.anyBranch({ name: 'all', builders })],
  changeHooks: [changeHooks.base()],
})
`

type Strike = { role: 'engine' | 'scheduler' | 'ui-api'; point: CommitPoint }
const strikes: Strike[] = [
  { role: 'ui-api', point: { transaction: /INSERT INTO changes/, when: 'before the commit' } },
  { role: 'ui-api', point: { transaction: /INSERT INTO changes/, when: 'after the commit' } },
  { role: 'scheduler', point: { transaction: /INSERT INTO build_requests/, when: 'before the commit' } },
  { role: 'scheduler', point: { transaction: /INSERT INTO build_requests/, when: 'after the commit' } },
  { role: 'engine', point: { transaction: /INSERT INTO builds /, when: 'before the commit' } },
  { role: 'engine', point: { transaction: /INSERT INTO builds /, when: 'after the commit' } },
  { role: 'engine', point: { transaction: /INSERT INTO effects/, when: 'before the commit' } },
  { role: 'engine', point: { transaction: /INSERT INTO effects/, when: 'after the commit' } },
  { role: 'engine', point: { transaction: /INSERT INTO log_chunks/, when: 'before the commit' } },
  { role: 'engine', point: { transaction: /INSERT INTO log_chunks/, when: 'after the commit' } },
  { role: 'engine', point: { transaction: /UPDATE buildsets s SET complete_at/, when: 'before the commit' } },
  { role: 'engine', point: { transaction: /UPDATE buildsets s SET complete_at/, when: 'after the commit' } },
]

let cluster: Cluster
beforeAll(async () => {
  writeFileSync(truthFile, '')
  cluster = await startCluster({ config, workers: WORKERS })
  await watchTransitions(cluster)
})
afterAll(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Sends a change until it is accepted, as a host that repeats its delivery does. */
async function deliver(revision: string): Promise<void> {
  const body = JSON.stringify({ author: 'Ann', comments: revision, revision, branch: 'main', repository: '/repo', files: ['a.c'] })
  await until(`change ${revision} to be accepted`, async () => {
    const answer = await fetch(`${cluster.url}change_hook/base`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }).catch(() => null)
    if (answer && answer.status < 500 && !answer.ok) throw new Error(`the change was refused: ${answer.status} ${await answer.text()}`)
    return answer?.ok
  })
}

/** Kills the role at each point in turn, as soon as it comes there, and starts it again: then the next point is set already, because it may come there at once, and only once. */
async function strikeAll(role: Strike['role'], points: CommitPoint[], struck: string[]): Promise<void> {
  const victim: RoleProcess = cluster.roles[role]
  const set = (point: CommitPoint | undefined) => (point && new Promise<CommitPoint>(resolve => cluster.proxies[role].at(point, () => { victim.signal('SIGKILL'); resolve(point) })))
  let next = set(points[0])
  for (let n = 1; next; n++) {
    const { when } = await next
    struck.push(`${role} ${when}`)
    await victim.ended
    next = set(points[n])
    const started = victim.start()
    // Struck before it is ready, it is started again too.
    await (next ? Promise.race([next, started]) : started)
  }
}

const ended = (): Promise<{ open: number; total: number }[]> =>
  cluster.rows(`SELECT count(*) FILTER (WHERE state <> 'complete')::int AS open, count(*)::int AS total FROM build_requests`)

test('30 builds survive kill -9 of every role at named points, and of a worker', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  const struck: string[] = []
  const campaign = (async () => {
    // One after the other per role, the roles side by side.
    await Promise.all((['ui-api', 'scheduler', 'engine'] as const).map(role => strikeAll(role, strikes.filter(candidate => candidate.role === role).map(({ point }) => point), struck)))
  })()
  // Both end with the test: whatever fails first is what it fails with.
  campaign.catch(() => {})
  const killedWorker = (async () => {
    const [{ name }] = await until('a build to print', async () => {
      const printing = await cluster.rows<{ name: string }>(`SELECT w.name FROM builds b JOIN workers w ON w.id = b.worker_id JOIN steps s ON s.build_id = b.id JOIN logs l ON l.step_id = s.id
        WHERE b.complete_at IS NULL AND l.num_lines > 0 LIMIT 1`)
      return printing.length > 0 && printing as [{ name: string }]
    })
    const worker = cluster.workers.find(candidate => candidate.name === name)!
    await worker.kill()
    await worker.start()
  })()
  killedWorker.catch(() => {})
  for (let change = 0; change < CHANGES; change++) await deliver(`r${change}`)
  await until('every request to end', async () => {
    const [{ open, total }] = await ended() as [{ open: number; total: number }]
    return total === BUILDERS.length * CHANGES && open === 0
  }, 150_000)
  await killedWorker
  await campaign
  expect(struck).toHaveLength(strikes.length)
  await verify()
})

/** The invariants, from the rows and from what the commands themselves wrote down. */
async function verify(): Promise<void> {
  const changes = await cluster.rows<{ revision: string; dispatched: boolean; buildsets: number }>(
    `SELECT c.revision, c.dispatched_at IS NOT NULL AS dispatched, (SELECT count(*)::int FROM buildset_sourcestamps bs WHERE bs.sourcestamp_id = c.sourcestamp_id) AS buildsets
     FROM changes c ORDER BY c.revision`)
  expect(changes).toEqual(Array.from({ length: CHANGES }, (_, change) => ({ revision: `r${change}`, dispatched: true, buildsets: 1 })))

  const requests = await cluster.rows<{ results: number; successes: number; open: number }>(
    `SELECT r.results, count(b.id) FILTER (WHERE b.results = ${SUCCESS})::int AS successes, count(b.id) FILTER (WHERE b.complete_at IS NULL)::int AS open
     FROM build_requests r JOIN builds b ON b.build_request_id = r.id GROUP BY r.id`)
  expect(requests).toEqual(requests.map(() => ({ results: SUCCESS, successes: 1, open: 0 })))
  expect(await cluster.rows('SELECT 1 FROM buildsets WHERE remaining <> 0 OR complete_at IS NULL OR results <> 0')).toEqual([])
  expect(await cluster.rows(`SELECT results FROM builds WHERE results NOT IN (${SUCCESS}, ${RETRY})`)).toEqual([])

  const { seen, unknown } = await seenTransitions(cluster)
  expect(unknown, 'every state went where the tables say').toEqual([])
  expect(seen).toContainEqual({ thing: 'replica', before: 'alive', after: 'dead' })

  const truth = readFileSync(truthFile, 'utf8').split('\n').filter(line => line !== '')
  const builds = await cluster.rows<{ id: number; name: string; number: number; step: number; num_lines: number; complete: boolean; log: number }>(
    `SELECT b.id, u.name, b.number, s.number AS step, l.id AS log, l.num_lines, l.complete FROM builds b JOIN builders u ON u.id = b.builder_id
     JOIN steps s ON s.build_id = b.id JOIN logs l ON l.step_id = s.id AND l.slug = 'stdio' WHERE b.results = ${SUCCESS}`)
  expect(builds).toHaveLength(BUILDERS.length * CHANGES * STEPS)
  for (const { name, number, step, log, num_lines, complete } of builds) {
    const id = `${name}/${number}/${step}`
    expect(truth.filter(line => line === `begin ${id}`), `${id} began once`).toHaveLength(1)
    expect(truth.filter(line => line === `end ${id}`), `${id} ended once`).toHaveLength(1)
    const chunks = await cluster.rows<{ first_line: number; last_line: number; content: Buffer }>('SELECT first_line, last_line, content FROM log_chunks WHERE log_id = $1 ORDER BY first_line', [log])
    let next = 0
    for (const chunk of chunks) {
      expect(chunk.first_line, `${id}: no line missing or twice`).toBe(next)
      next = chunk.last_line + 1
    }
    expect({ complete, num_lines }).toEqual({ complete: true, num_lines: next })
    const printed = Buffer.concat(chunks.map(chunk => chunk.content)).toString().split('\n').filter(line => line.startsWith('o'))
    expect(printed).toEqual(Array.from({ length: LINES }, (_, line) => `o${id} line ${line}`))
  }
}
