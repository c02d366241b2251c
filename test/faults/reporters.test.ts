import { startFakeWebhook, type FakeWebhook } from '@yardmaster/integrations/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import type { CommitPoint } from '../kit/postgres-proxy.js'
import { until } from '../kit/until.js'

const BUILDERS = ['b0', 'b1', 'b2']

const config = (urls: { status: string; mail: string; slow: string }) => `
import { defineConfig, reporters, schedulers, steps, workers } from '@yardmaster/config'
const builders = ${JSON.stringify(BUILDERS)}
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: builders.map(name => ({ name, workers: ['w1'], collapseRequests: false, steps: [steps.shell({ name: 's', command: ['true'], logEnviron: false })] })),
  schedulers: [schedulers.force({ name: 'force', builders })],
  services: [
    reporters.httpStatus({ name: 'status', serverUrl: '${urls.status}', delivery: 'status', generators: [reporters.buildRequestGenerator(), reporters.buildStartEndStatusGenerator()] }),
    reporters.httpStatus({ name: 'mail', serverUrl: '${urls.mail}', onUnknown: 'stop', generators: [reporters.buildStatusGenerator({ mode: 'all' })] }),
    reporters.httpStatus({ name: 'slow', serverUrl: '${urls.slow}', generators: [reporters.buildStatusGenerator({ mode: 'all', builders: ['b0'] })] }),
  ],
})`

let status: FakeWebhook
let mail: FakeWebhook
let slow: FakeWebhook
let cluster: Cluster
beforeAll(async () => {
  [status, mail, slow] = await Promise.all([startFakeWebhook(), startFakeWebhook(), startFakeWebhook()])
  cluster = await startCluster({ config: config({ status: status.url, mail: mail.url, slow: slow.url }), workers: ['w1'], schedulers: 2 })
})
afterAll(async () => {
  await cluster?.stop()
  await Promise.all([status?.close(), mail?.close(), slow?.close()])
})

async function forceAll(): Promise<void> {
  const rows = await cluster.rows<{ id: number }>('SELECT id FROM builders ORDER BY id')
  for (const { id } of rows) await cluster.client.control('forceschedulers/force', 'force', { builderid: id, reason: 'a fault' })
}

const soon = (what: string, condition: () => Promise<boolean> | boolean, withinMs = 120_000): Promise<unknown> => until(what, condition, withinMs).catch(async (error: unknown) => {
  const open = await cluster.rows('SELECT id, reporter, target, subject, event, state, attempts, detail, due_at - now() AS due FROM notifications WHERE ended_at IS NULL ORDER BY id')
  throw new Error(`${String(error)}\n${JSON.stringify(open, null, 1)}\n${lastWords(cluster)}`)
})

/** Everything has been built, planned and ended, except of these reporters. */
const settled = async (...except: string[]): Promise<boolean> => {
  const [row] = await cluster.rows<{ open: number }>(
    `SELECT (SELECT count(*) FROM build_requests WHERE state <> 'complete') + (SELECT count(*) FROM report_feed) + (SELECT count(*) FROM notifications WHERE ended_at IS NULL AND reporter <> ALL($1)) AS open`, [except])
  return row?.open === 0
}

/** The newest of each request's statuses that the server took must be the truth; no mail may have arrived twice, nor be missing without that being known. */
async function verify(): Promise<{ requests: number; mails: number; unknown: number }> {
  const requests = await cluster.rows<{ id: number; build: number; results: number }>('SELECT r.id, b.id AS build, b.results FROM build_requests r JOIN builds b ON b.build_request_id = r.id ORDER BY r.id')
  const shown = new Map(status.received.map(({ body }) => [body['buildrequestid'] ?? (body['buildrequest'] as { buildrequestid: number }).buildrequestid, [body['event'], body['results']]]))
  expect(requests.map(request => shown.get(request.id))).toEqual(requests.map(request => ['finished', request.results]))
  const arrived = new Map<unknown, number>()
  for (const { body } of mail.received) arrived.set(body['buildid'], (arrived.get(body['buildid']) ?? 0) + 1)
  expect([...arrived.values()].filter(count => count > 1)).toEqual([])
  const told = await cluster.rows<{ build_id: number; state: string }>(`SELECT build_id, state FROM notifications WHERE reporter = 'mail' ORDER BY build_id`)
  expect(told.map(row => row.build_id)).toEqual(requests.map(request => request.build))
  for (const { build_id, state } of told) expect([build_id, state === 'unknown' ? 'unknown' : arrived.get(build_id)]).toEqual([build_id, state === 'unknown' ? 'unknown' : 1])
  return { requests: requests.length, mails: arrived.size, unknown: told.filter(row => row.state === 'unknown').length }
}

const points: CommitPoint[] = [
  { transaction: /INSERT INTO notifications /, when: 'before the commit' },
  { transaction: /SET state = 'sending'/, when: 'after the commit' },
  { transaction: /UPDATE notification_attempts SET ended_at/, when: 'before the commit' },
  { transaction: /UPDATE notification_attempts SET ended_at/, when: 'after the commit' },
]

/** Kills the scheduler that comes there first, and starts it again. */
async function strike(point: CommitPoint): Promise<void> {
  const at = await new Promise<number>(resolve => {
    for (const [index, proxy] of cluster.schedulerProxies.entries()) proxy.at(point, () => { cluster.schedulers[index]!.signal('SIGKILL'); resolve(index) })
  })
  for (const proxy of cluster.schedulerProxies) proxy.at({ transaction: /$^/, when: 'after the commit' }, () => undefined)
  await cluster.schedulers[at]!.ended
  await cluster.schedulers[at]!.start()
}

test('schedulers killed while they plan, when they have begun, and before and after they write what came of it: statuses come to the truth, messages arrive at most once', async () => {
  // Errors in the order of a fixed pattern: taken and lost, refused for now, taken and then an error.
  status.answer = (_, count) => (count % 7 === 3 ? 'lost' : count % 7 === 5 ? { status: 503, headers: { 'retry-after': '1' } } : { status: count % 7 === 6 ? 500 : 200 })
  mail.answer = (_, count) => (count % 6 === 4 ? 'lost' : { status: 200 })
  for (const point of points) {
    const struck = strike(point)
    await forceAll()
    await struck
  }
  await soon('everything to be told', () => settled())
  const counts = await verify()
  expect(counts.requests).toBe(points.length * BUILDERS.length)
  expect(counts.mails + counts.unknown).toBeGreaterThanOrEqual(counts.requests)
  expect(counts.unknown).toBeGreaterThan(0)
  process.stdout.write(`reporters under kill -9: ${JSON.stringify({ ...counts, statuses: status.received.length })}\n`)
})

test('a target that is down, one that is slow, and jobs that were wiped keep nobody else from being told; what waited is told in the end', async () => {
  status.answer = () => ({ status: 200 })
  mail.answer = () => ({ status: 200 })
  slow.answer = () => 'held'
  await status.down()
  const [before] = await cluster.rows<{ last: number }>('SELECT max(id) AS last FROM notifications')
  await forceAll()
  await forceAll()
  await soon('the mails to be sent', () => settled('status', 'slow'))
  // Those that were tried may be superseded by now.
  await soon('statuses to be tried in vain', async () => (await cluster.rows(
    `SELECT 1 FROM notification_attempts a JOIN notifications n ON n.id = a.notification_id WHERE n.reporter = 'status' AND n.id > $1 AND a.outcome = 'again'`, [before!.last])).length > 0)
  expect((await cluster.rows(`SELECT 1 FROM notifications WHERE reporter = 'status' AND ended_at IS NULL`)).length).toBeGreaterThan(0)
  const tables = await cluster.rows<{ name: string }>(`SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%'`)
  await cluster.rows(`TRUNCATE ${tables.map(table => table.name).join(', ')} CASCADE`)
  await status.up()
  await soon('what waited to be told', () => settled('slow'))
  await verify()
})
