import type { Json } from '@yardmaster/domain'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../test/kit/database.js'
import { createQueues, type QueuedJob, type Queues } from './queues.js'
import { clock, quiet, random } from './testing/buses.js'

let database: TestDatabase
const open: Queues[] = []
beforeAll(async () => { database = await freshDatabase() })
afterEach(async () => { await Promise.all(open.splice(0).map(queues => queues.close())) })
afterAll(() => database.drop())

async function breakRedis() {
  const redis = new Redis(inject('redisUrl'))
  await redis.call('CLIENT', 'KILL', 'SKIPME', 'yes')
  await redis.quit()
}

async function breakPostgres() {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')
  await client.end()
}

const backends = [
  { name: 'Redis', redisUrl: () => inject('redisUrl'), breakConnections: breakRedis },
  { name: 'PostgreSQL', redisUrl: () => undefined, breakConnections: breakPostgres },
]

describe.each(backends)('job queues on $name', ({ redisUrl, breakConnections }) => {
  const installation = random.uuid()
  const connect = async () => {
    const queues = await createQueues({ redisUrl: redisUrl(), databaseUrl: database.url, installation, logger: quiet, clock })
    open.push(queues)
    return queues
  }
  /** A queue nobody else uses, a worker on it, and what the worker was given. */
  const setUp = async (react: (job: QueuedJob<Json>, nth: number) => Promise<void> | void = () => {}) => {
    const name = random.uuid()
    const queues = await connect()
    const jobs: { name: string; data: Json; attempt: number; at: number }[] = []
    const work = (from: Queues) => from.work<Json>(name, async job => {
      jobs.push({ name: job.name, data: job.data, attempt: job.attempt, at: clock.monotonic() })
      await react(job, jobs.length)
    }, { concurrency: 2 })
    const worker = await work(queues)
    return { queues, queue: queues.queue<Json>(name), jobs, worker, work, data: () => jobs.map(job => job.data) }
  }

  test('a job is done once, with its data', async () => {
    const { queue, jobs } = await setUp()
    expect(await queue.add('poll', { repository: 'ä', n: [1, null] })).not.toBe('')
    await expect.poll(() => jobs).toMatchObject([{ name: 'poll', data: { repository: 'ä', n: [1, null] }, attempt: 1 }])
  })

  test('a delayed job waits', async () => {
    const { queue, jobs, data } = await setUp()
    const added = clock.monotonic()
    await queue.add('later', 'delayed', { delayMs: 300 })
    await queue.add('now', 'at once')
    await expect.poll(() => data().toSorted()).toEqual(['at once', 'delayed'])
    expect((jobs.find(job => job.data === 'delayed')?.at ?? 0) - added).toBeGreaterThanOrEqual(290)
  })

  test('a job that fails is repeated with growing pauses, as often as it says', async () => {
    const { queue, jobs } = await setUp(() => { throw new Error('the cloud is away') })
    await queue.add('start instance', 1, { attempts: 3, backoffMs: 100 })
    await expect.poll(() => jobs.map(job => job.attempt)).toEqual([1, 2, 3])
    const [first = 0, second = 0, third = 0] = jobs.map(job => job.at)
    expect(second - first).toBeGreaterThanOrEqual(95)
    expect(third - second).toBeGreaterThanOrEqual(190)
    await queue.add('other', 2)
    await expect.poll(() => jobs.filter(job => job.data === 2).length).toBe(1)
    expect(jobs.filter(job => job.data === 1)).toHaveLength(3)
  })

  test('while a job is not finished, its duplicate is not added', async () => {
    let release = () => {}
    const { queue, data } = await setUp((_job, nth) => nth === 1 ? new Promise(resolve => { release = resolve }) : undefined)
    const first = await queue.add('poll', 'a', { deduplicationId: 'repo' })
    expect(await queue.add('poll', 'b', { deduplicationId: 'repo' })).toBe(first)
    await expect.poll(data).toEqual(['a'])
    release()
    await expect.poll(async () => {
      await queue.add('poll', 'c', { deduplicationId: 'repo' })
      return data().includes('c')
    }).toBe(true)
    expect(data()).not.toContain('b')
  })

  test('a schedule repeats, is changed by the same id, and ends', async () => {
    const { queue, data } = await setUp()
    await queue.schedule('poll-hello', 100, 'old')
    await expect.poll(() => data().length).toBeGreaterThanOrEqual(2)
    await queue.schedule('poll-hello', 3_600_000, 'new')
    expect(await queue.schedules()).toMatchObject([{ id: 'poll-hello', everyMs: 3_600_000 }])
    expect(await queue.unschedule('poll-hello')).toBe(true)
    expect(await queue.unschedule('poll-hello')).toBe(false)
    expect(await queue.schedules()).toEqual([])
  })

  test('what was added while no worker ran is done by the next one, also in another process', async () => {
    const { queue, data, work, worker } = await setUp()
    await worker.close()
    await queue.add('a', 1)
    await queue.add('b', 2)
    const other = await connect()
    await work(other)
    await expect.poll(() => data().length).toBe(2)
    expect(new Set(data())).toEqual(new Set([1, 2]))
  })

  test('a close waits for the job under way', async () => {
    let ended = false
    let begun = () => {}
    const running = new Promise<void>(resolve => { begun = resolve })
    const { queue, worker } = await setUp(async () => {
      begun()
      await clock.sleep(150)
      ended = true
    })
    await queue.add('slow', 1)
    await running
    await worker.close()
    expect(ended).toBe(true)
  })

  test('broken connections are made anew, and work goes on', async () => {
    const { queue, data } = await setUp()
    await queue.add('a', 1)
    await expect.poll(data).toEqual([1])
    await breakConnections()
    await expect.poll(() => queue.add('b', 2, { deduplicationId: 'b' }).then(() => true, () => false)).toBe(true)
    await expect.poll(() => data().includes(2)).toBe(true)
  })
})

test('processes that start together prepare PostgreSQL together', async () => {
  const fresh = await freshDatabase()
  try {
    const all = await Promise.all([1, 2, 3, 4].map(() => createQueues({ databaseUrl: fresh.url, installation: random.uuid(), logger: quiet, clock })))
    await Promise.all(all.map(queues => queues.close()))
  } finally {
    await fresh.drop()
  }
})

test('more workers than connections are refused, not left hanging', async () => {
  const queues = await createQueues({ databaseUrl: database.url, installation: random.uuid(), logger: quiet, clock, connections: 2 })
  open.push(queues)
  const one = await queues.work('one', async () => {}, { concurrency: 1 })
  await expect(queues.work('two', async () => {}, { concurrency: 1 })).rejects.toThrow('no connection is left for a worker on two')
  await one.close()
  await queues.work('two', async () => {}, { concurrency: 1 })
})

test('an unreachable PostgreSQL is told without its password', async () => {
  const url = new URL(database.url)
  url.port = '1'
  await expect(createQueues({ databaseUrl: url.href, installation: random.uuid(), logger: quiet, clock })).rejects.toThrow(/cannot prepare the schema bullmq in postgresql:\/\/yardmaster:\*\*\*@127/)
})
