import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@yardmaster/runtime'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, onTestFailed, test } from 'vitest'
import { freshDatabase, type TestDatabase } from '../kit/database.js'
import { gitRepository, type GitRepository } from '../kit/git-repository.js'
import { startPostgresProxy, type CommitPoint, type PostgresProxy } from '../kit/postgres-proxy.js'
import { RoleProcess } from '../kit/role-process.js'
import { startRedis, type TestServer } from '../kit/servers.js'
import { until } from '../kit/until.js'
import { rngOf } from './campaign/rng.js'

const SEED = Number(process.env['YARD_FAULT_SEED'] ?? 5)
const ROUNDS = process.env['YARD_TEST_LONG'] === '1' ? 8 : 1
const clock = systemClock()
const rng = rngOf(SEED)
/** More than a machine that tests other things beside ever takes; the budget is 10 s, and what it took is printed. */
const TAKEN_OVER_MS = 120_000

const points: [string, CommitPoint][] = [
  ['before it is taken', { transaction: /UPDATE change_sources SET claim/, when: 'before the commit' }],
  ['taken, before git', { transaction: /UPDATE change_sources SET claim/, when: 'after the commit' }],
  ['between git and the commit', { transaction: /INSERT INTO changes/, when: 'before the commit' }],
  ['after the commit, before the wake', { transaction: /INSERT INTO changes/, when: 'after the commit' }],
]

let redis: TestServer
let database: TestDatabase
let pool: pg.Pool
let repository: GitRepository
let folder: string
const proxies: PostgresProxy[] = []
const schedulers: RoleProcess[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'yardmaster-pollers-'))
  repository = gitRepository()
  repository.commit('before', { 'a.txt': '' });
  [redis, database] = await Promise.all([startRedis(), freshDatabase()])
  pool = new pg.Pool({ connectionString: database.url, max: 2 })
  writeFileSync(join(folder, 'yard.config.ts'), `
    import { changeSources, defineConfig, workers } from '@yardmaster/config'
    export default defineConfig({
      workers: [workers.worker({ name: 'w', password: 'p' })], builders: [],
      changeSources: [changeSources.gitPoller({ name: 'it', repository: ${JSON.stringify(repository.folder)}, branches: true, pollInterval: '1s', mapChange: async change => ({ ...change, project: 'mapped' }) })],
    })`)
  for (const n of [0, 1]) {
    const proxy = await startPostgresProxy(database.url)
    proxies.push(proxy)
    const env = { ...process.env, DATABASE_URL: proxy.url, NATS_URL: inject('natsUrl'), REDIS_URL: redis.url, YARD_HOME: join(folder, `home${n}`), YARD_CONFIG: join(folder, 'yard.config.ts') }
    schedulers.push(new RoleProcess(`scheduler ${n}`, 'scheduler', env))
  }
  await Promise.all(schedulers.map(scheduler => scheduler.start()))
})
afterAll(async () => {
  await Promise.all(schedulers.map(scheduler => scheduler.kill()))
  await Promise.all(proxies.map(proxy => proxy.close()))
  await pool?.end()
  await Promise.all([redis?.stop(), database?.drop()])
  repository?.remove()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
})

const rows = async <Row extends object>(sql: string) => (await pool.query<Row & pg.QueryResultRow>(sql)).rows

async function wipeQueues(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect(redis.port, '127.0.0.1', () => socket.write('FLUSHALL\r\n'))
    socket.once('data', () => { socket.end(); resolve() }).once('error', reject)
  })
}

/** Whoever of them comes there first is killed; the other one's connection may be cut there too. */
function killAt(point: CommitPoint): Promise<RoleProcess> {
  return new Promise(resolve => {
    let struck = false
    for (const [n, proxy] of proxies.entries()) {
      proxy.at(point, () => {
        if (struck) return
        struck = true
        schedulers[n]!.signal('SIGKILL')
        resolve(schedulers[n]!)
      })
    }
  })
}

type Pushed = { branch: string; revision: string }

/** Commits of a person who does not wait for anybody, until told to stop. */
function pushing() {
  const truth: Pushed[] = []
  const branches = ['main']
  let stopped = false
  const done = (async () => {
    while (!stopped) {
      const isNew = rng.below(8) === 0
      const branch = isNew ? `topic-${branches.length}` : rng.pick(branches)
      repository.git('switch', '--quiet', ...(isNew ? ['--create', branch, 'main'] : [branch]))
      if (isNew) branches.push(branch)
      for (let n = rng.between(1, 3); n > 0; n -= 1) truth.push({ branch, revision: repository.commit(`c${truth.length}`, { [`f${truth.length}`]: '' }) })
      await clock.sleep(rng.between(100, 400))
    }
  })()
  return { truth, stop: async () => { stopped = true; await done } }
}

function byBranch(pushed: Pushed[]): { [branch: string]: string[] } {
  const branches: { [branch: string]: string[] } = {}
  for (const { branch, revision } of pushed) (branches[branch] ??= []).push(revision)
  return branches
}

test('each commit is one change, in order, while pollers are killed and queues are wiped', async () => {
  onTestFailed(() => { process.stderr.write(`seed ${SEED}\n${schedulers.map(({ name, lines }) => `--- ${name}\n${lines.slice(-30).join('\n')}`).join('\n')}\n`) })
  await until('the poller to know where it begins', async () => (await rows(`SELECT 1 FROM change_sources WHERE state ? 'heads'`)).length > 0)
  const pusher = pushing()
  const takenOver: string[] = []
  let wipes = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [where, point] of points) {
      const victim = await killAt(point)
      const began = clock.monotonic()
      const polled = (await rows<{ at: string }>('SELECT clock_timestamp()::text AS at FROM change_sources'))[0]!.at
      if (rng.below(2) === 0) {
        await wipeQueues()
        wipes += 1
      }
      await until('the other one to poll', async () => (await rows(`SELECT 1 FROM change_sources WHERE polled_at > '${polled}'`)).length > 0, TAKEN_OVER_MS)
      takenOver.push(`${where}: ${Math.round((clock.monotonic() - began) / 100) / 10} s`)
      await victim.ended
      await victim.start()
    }
  }
  await wipeQueues()
  await pusher.stop()
  const { truth } = pusher
  await until('as many changes as commits', async () => Number((await rows<{ n: string }>('SELECT count(*) AS n FROM changes'))[0]!.n) >= truth.length)
  const changes = await rows<Pushed & { project: string }>('SELECT branch, revision, project FROM changes ORDER BY id')
  expect(byBranch(changes)).toEqual(byBranch(truth))
  expect(new Set(changes.map(({ project }) => project))).toEqual(new Set(['mapped']))
  process.stderr.write(`seed ${SEED}: ${truth.length} commits on ${Object.keys(byBranch(truth)).length} branches = ${changes.length} changes; ${takenOver.length} pollers killed, queues wiped ${wipes + 1} times; polled again after (${takenOver.join(', ')})\n`)
})
