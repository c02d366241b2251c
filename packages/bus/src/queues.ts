import type { Json } from '@yardmaster/domain'
import type { Clock, Logger } from '@yardmaster/runtime'
import { postgresBackend, redisBackend, reporter, type BullProcessor, type BullQueue, type BullWorker, type QueueBackend } from './queue-backend.js'

export type QueuedJob<T extends Json> = { id: string; name: string; data: T; /** From 1. */ attempt: number; /** Aborted when the lock was lost: another worker has the job. */ signal: AbortSignal }

export type AddOptions = {
  delayMs?: number
  /** In all; 5 unless said otherwise. */
  attempts?: number
  /** Pause before the second attempt, doubled before each further one; 1000 unless said otherwise. */
  backoffMs?: number
  /** While a job with this id is not finished, a second one is not added. */
  deduplicationId?: string
}

export type Schedule = { id: string; everyMs: number; nextAt: number | null }

export type JobQueue<T extends Json> = {
  /** Answers the job's id, that of the earlier job when it was a duplicate. Waits while Redis is away; rejects when PostgreSQL is. */
  add(jobName: string, data: T, options?: AddOptions): Promise<string>
  /** From now on a job of that name every so often; the same id again changes it. */
  schedule(id: string, everyMs: number, data: T): Promise<void>
  unschedule(id: string): Promise<boolean>
  schedules(): Promise<Schedule[]>
}

export type WorkOptions = { concurrency: number; /** At most `max` jobs per `durationMs`, over all processes. */ limiter?: { max: number; durationMs: number } }
/** `close` takes no further jobs, and resolves when those under way have ended. */
export type JobWorker = { close(): Promise<void> }

export type Queues = {
  queue<T extends Json>(name: string): JobQueue<T>
  /** Works on the jobs of that queue: a rejection is repeated with backoff, as often as the job says. */
  work<T extends Json>(name: string, processor: (job: QueuedJob<T>) => Promise<void>, options: WorkOptions): Promise<JobWorker>
  /** Closes workers, queues and connections. */
  close(): Promise<void>
}

export type QueuesOptions = {
  redisUrl?: string | undefined
  /** For the queues when there is no Redis. */
  databaseUrl: string
  installation: string
  logger: Logger
  clock: Clock
  /** Budget of connections to PostgreSQL when the queues live there: one for each worker and at least one more; 4 unless said otherwise. */
  connections?: number
}

const defaultAttempts = 5
const defaultBackoffMs = 1_000
const day = 86_400
const keep = { removeOnComplete: { age: day, count: 1_000 }, removeOnFail: { age: 7 * day, count: 1_000 } }
/** How often a process may die while it has a job, before the job counts as failed. */
const toleratedDeaths = 10
const retryMs = 1_000

/** Job queues of the installation: BullMQ on Redis, or on PostgreSQL without one. Rejects when PostgreSQL cannot be prepared. */
export async function createQueues(options: QueuesOptions): Promise<Queues> {
  const { redisUrl, databaseUrl, installation, logger, connections = 4 } = options
  const report = reporter(logger)
  const backend = redisUrl ? redisBackend(redisUrl, installation, report) : await postgresBackend(databaseUrl, connections, report)
  return new BullQueues(options, backend)
}

class BullQueues implements Queues {
  readonly #queues = new Map<string, Promise<BullQueue>>()
  readonly #workers = new Set<BullWorker>()
  readonly #abort = new AbortController()
  /** Workers that hold a connection, or are about to. */
  #places = 0

  constructor(readonly options: QueuesOptions, readonly backend: QueueBackend) {}

  queue<T extends Json>(name: string): JobQueue<T> {
    const opened = () => this.#opened(name)
    return {
      async add(jobName, data, { delayMs, attempts = defaultAttempts, backoffMs = defaultBackoffMs, deduplicationId } = {}) {
        const job = await (await opened()).add(jobName, data, {
          attempts, backoff: { type: 'exponential', delay: backoffMs },
          ...(delayMs === undefined ? {} : { delay: delayMs }),
          ...(deduplicationId === undefined ? {} : { deduplication: { id: deduplicationId } }),
        })
        return job.id ?? ''
      },
      async schedule(id, everyMs, data) {
        const opts = { attempts: defaultAttempts, backoff: { type: 'exponential', delay: defaultBackoffMs } }
        await (await opened()).upsertJobScheduler(id, { every: everyMs }, { name: id, data, opts })
      },
      async unschedule(id) {
        return await (await opened()).removeJobScheduler(id)
      },
      async schedules() {
        const found = await (await opened()).getJobSchedulers(0, -1)
        return found.map(({ key, every, next }) => ({ id: key, everyMs: Number(every), nextAt: next ?? null }))
      },
    }
  }

  async work<T extends Json>(name: string, processor: (job: QueuedJob<T>) => Promise<void>, options: WorkOptions): Promise<JobWorker> {
    if (this.#places >= this.backend.workerLimit) throw new Error(`job queues: no connection is left for a worker on ${name}; the budget is one for each of ${this.backend.workerLimit} workers and one more`)
    this.#places += 1
    const worker = await this.#established(() => this.#worker(name, processor, options))
    this.#workers.add(worker)
    return {
      close: async () => {
        await worker.close()
        if (this.#workers.delete(worker)) this.#places -= 1
      },
    }
  }

  #worker<T extends Json>(name: string, processor: (job: QueuedJob<T>) => Promise<void>, { concurrency, limiter }: WorkOptions): BullWorker {
    const { logger } = this.options
    // BullMQ makes a signal only for a processor that declares three parameters.
    const perform: BullProcessor = async (job, _token, signal) => {
      await processor({ id: job.id ?? '', name: job.name, data: job.data as T, attempt: job.attemptsMade + 1, signal: signal ?? new AbortController().signal })
      return null
    }
    const worker = this.backend.worker(name, perform, { ...keep, concurrency, maxStalledCount: toleratedDeaths, ...(limiter ? { limiter: { max: limiter.max, duration: limiter.durationMs } } : {}) })
    worker.on('failed', (job, error) => logger.warn({ err: error, queue: name, job: job?.id, jobName: job?.name, attempt: job?.attemptsMade, of: job?.opts.attempts }, 'a job failed'))
    return worker
  }

  async close(): Promise<void> {
    this.#abort.abort(new Error('job queues are being closed'))
    await Promise.allSettled([...this.#workers].map(worker => worker.close()))
    await Promise.allSettled([...this.#queues.values()].map(async queue => (await queue).close()))
    await this.backend.close()
  }

  #opened(name: string): Promise<BullQueue> {
    const known = this.#queues.get(name)
    if (known) return known
    const made = this.#established(() => this.backend.queue(name, { defaultJobOptions: keep }))
    this.#queues.set(name, made)
    return made
  }

  /** BullMQ remembers a failed first connection for ever: an object that could not connect is thrown away and made again. */
  async #established<T extends BullQueue | BullWorker>(make: () => T): Promise<T> {
    const { clock, logger } = this.options
    for (;;) {
      this.#abort.signal.throwIfAborted()
      const made = make()
      made.on('error', reporter(logger))
      try {
        await made.waitUntilReady()
        return made
      } catch (error) {
        logger.warn({ err: error, retryInMs: retryMs }, 'job queues: cannot connect; trying again')
        await made.close().catch(() => {})
        await clock.sleep(retryMs, this.#abort.signal)
      }
    }
  }
}
