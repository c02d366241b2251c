import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase, type Database } from '@yardmaster/db'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../test/kit/database.js'
import { RoleProcess } from '../../../test/kit/role-process.js'
import { createRepository, type TestRepository } from './testing/repository.js'

let database: TestDatabase
let db: Database
let repository: TestRepository
let home: string
const started: RoleProcess[] = []

async function setUp() {
  database = await freshDatabase()
  db = openDatabase({ url: database.url, connections: 2, onConnectionLost: () => {} })
  repository = createRepository()
  repository.commit('before')
  home = mkdtempSync(join(tmpdir(), 'yardmaster-scheduler-'))
  writeFileSync(join(home, 'yard.config.ts'), `
    import { changeSources, defineConfig, schedulers, steps, workers } from '@yardmaster/config'
    export default defineConfig({
      workers: [workers.worker({ name: 'w1', password: 'p' })],
      builders: [{ name: 'b1', workers: ['w1'], collapseRequests: false, steps: [steps.shell({ command: 'true' })] }],
      changeSources: [changeSources.gitPoller({ repository: ${JSON.stringify(repository.path)}, branches: true, pollInterval: '1s' })],
      schedulers: [
        schedulers.anyBranch({ name: 'all', builders: ['b1'], fileIsImportant: change => !change.files.includes('README') }),
        schedulers.singleBranch({ name: 'quiet', branch: 'main', treeStableTimer: '1s', builders: ['b1'] }),
      ],
    })`)
}

async function tearDown() {
  await db.close()
  await database.drop()
  repository.remove()
  rmSync(home, { recursive: true, force: true })
}

/** A scheduler as a process of its own; resolves when it serves. */
async function startScheduler(redisUrl: string | undefined): Promise<RoleProcess> {
  const env = { ...process.env, DATABASE_URL: database.url, NATS_URL: inject('natsUrl'), REDIS_URL: redisUrl ?? '', YARD_HOME: join(home, '.yard'), YARD_CONFIG: join(home, 'yard.config.ts') }
  const scheduler = new RoleProcess(`scheduler ${started.length}`, 'scheduler', env)
  started.push(scheduler)
  await scheduler.start()
  return scheduler
}

async function buildsets(scheduler: string): Promise<string[]> {
  const { rows } = await db.pool.query<{ comments: string }>(
    `SELECT c.comments FROM buildsets b JOIN buildset_sourcestamps bs ON bs.buildset_id = b.id JOIN changes c ON c.sourcestamp_id = bs.sourcestamp_id WHERE b.scheduler = $1 ORDER BY b.id`, [scheduler])
  return rows.map(row => row.comments)
}

const soon = { interval: 20 }
const polled = () => expect.poll(async () => (await db.pool.query(`SELECT 1 FROM change_sources WHERE state ? 'heads'`)).rowCount, soon).toBe(1)

describe.each([['PostgreSQL', () => undefined], ['Redis', () => inject('redisUrl')]])('a scheduler with its queues on %s', (_, redisUrl) => {
  beforeAll(setUp)
  afterAll(tearDown)
  afterEach(() => Promise.all(started.splice(0).map(scheduler => scheduler.kill())))

  test('makes a buildset of a commit', async () => {
    const scheduler = await startScheduler(redisUrl())
    await polled()
    repository.commit('one')
    await expect.poll(() => buildsets('all'), soon).toEqual(['one'])
    repository.commit('docs', { README: 'x' })
    await expect.poll(() => buildsets('quiet'), soon).toContain('docs')
    expect(await buildsets('all')).toEqual(['one'])
    await scheduler.stop()
    expect(scheduler.lines.filter(line => /"level":"(warn|error|fatal)"/.test(line))).toEqual([])
  })

  test('goes on where it was when all of them were killed, two at once as well', async () => {
    const first = await startScheduler(redisUrl())
    repository.commit('two')
    await first.kill()
    repository.commit('three')
    await Promise.all([startScheduler(redisUrl()), startScheduler(redisUrl())])
    repository.commit('four')
    await expect.poll(() => buildsets('all')).toEqual(['one', 'two', 'three', 'four'])
  })
})
