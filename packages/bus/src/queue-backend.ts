import type { Json } from '@yardmaster/domain'
import { maskCredentials, type Logger } from '@yardmaster/runtime'
import { createPostgresBackend, Queue, runMigrations, Worker, type Job, type JobSchedulerJson, type Processor, type QueueOptions, type WorkerOptions } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'

export type BullQueue = Pick<Queue<Json, Json, string>, 'close' | 'waitUntilReady' | 'removeJobScheduler'> & {
  add(name: string, data: Json, opts: object): Promise<Pick<Job, 'id'>>
  upsertJobScheduler(id: string, repeat: { every: number }, template: { name: string; data: Json; opts?: object }): Promise<unknown>
  getJobSchedulers(start: number, end: number): Promise<JobSchedulerJson<Json>[]>
  on(event: 'error', listener: (error: Error) => void): unknown
}
export type BullWorker = { close(): Promise<void>; waitUntilReady(): Promise<unknown>; on(event: 'error', listener: (error: Error) => void): unknown; on(event: 'failed', listener: (job: Job | undefined, error: Error) => void): unknown }
export type BullProcessor = Processor<Json, Json, string>

/** Where BullMQ keeps its jobs. */
export type QueueBackend = {
  queue(name: string, options: Omit<QueueOptions, 'connection'>): BullQueue
  worker(name: string, processor: BullProcessor, options: Omit<WorkerOptions, 'connection'>): BullWorker
  /** How many workers its connections are enough for. */
  workerLimit: number
  close(): Promise<void>
}

/** One connection for all queues, and one more per worker, which waits on it. */
export function redisBackend(url: string, installation: string, report: (error: Error) => void): QueueBackend {
  // Workers must wait through any outage; BullMQ demands null for them.
  const connection = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: false })
  connection.on('error', report)
  const prefix = `yard:${installation}`
  return {
    queue: (name, options) => new Queue<Json, Json, string>(name, { ...options, connection, prefix }),
    worker: (name, processor, options) => new Worker<Json, Json, string>(name, processor, { ...options, connection, prefix }),
    workerLimit: Infinity,
    close: async () => connection.disconnect(),
  }
}

const schema = 'bullmq'

/**
 * Jobs in the schema `bullmq` of the installation's database, over one small pool. Each worker holds one connection for LISTEN,
 * so this one URL must reach PostgreSQL itself and not a transaction pooler.
 */
export async function postgresBackend(url: string, connections: number, report: (error: Error) => void): Promise<QueueBackend> {
  const pool = new pg.Pool({ connectionString: url, max: connections, keepAlive: true, options: `-c search_path=${schema}`, application_name: 'yardmaster queues' })
  // Every queue and worker listens too.
  pool.setMaxListeners(0)
  pool.on('error', report)
  await migrate(pool, url)
  return {
    queue: (name, options) => new Queue(name, { ...options, connection: pool }, createPostgresBackend),
    worker: (name, processor, options) => new Worker(name, processor, { ...options, connection: pool }, createPostgresBackend),
    workerLimit: connections - 1,
    close: () => pool.end(),
  }
}

async function migrate(pool: pg.Pool, url: string): Promise<void> {
  try {
    const client = await pool.connect()
    try {
      await runMigrations(client, schema)
    } finally {
      client.release()
    }
  } catch (error) {
    await pool.end()
    throw new Error(`job queues: cannot prepare the schema ${schema} in ${maskCredentials(url)}`, { cause: error })
  }
}

export function reporter(logger: Logger): (error: Error) => void {
  return error => logger.warn({ err: error }, 'job queues: connection trouble')
}
