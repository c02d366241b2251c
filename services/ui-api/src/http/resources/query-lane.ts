import type { Database } from '@yardmaster/db'

/** Whatever runs one statement: the pool, or the connection of a lane. */
export type Querier = Pick<Database['pool'], 'query'>

/** At a time, of one process: they read large parts of large tables, and must leave connections and caches to everybody else. */
const MOST_RUNNING = 2
const MOST_WAITING = 20
const TIME_LIMIT_MS = 10_000
const CANCELED = '57014'

/** Asked too much at once (503), or more than can be read in the time there is (400). */
export class QueryRefused extends Error {
  override name = 'QueryRefused'
  constructor(readonly status: 400 | 503, message: string) {
    super(message)
  }
}

type Lane = { running: number; waiting: (() => void)[] }
const lanes = new WeakMap<Database, Lane>()

/**
 * Runs queries that no index serves: few at a time, and none for longer than 10 s. Throws QueryRefused.
 * What they answer is exact, as Buildbot's would be; a limit on what they may read would make it wrong without a word.
 */
export async function inLane<Answer>(db: Database, work: (querier: Querier) => Promise<Answer>, timeLimitMs = TIME_LIMIT_MS): Promise<Answer> {
  const lane = laneOf(db)
  await enter(lane)
  try {
    return await withTimeLimit(db, work, timeLimitMs)
  } finally {
    const next = lane.waiting.shift()
    if (next) next()
    else lane.running--
  }
}

function laneOf(db: Database): Lane {
  const lane = lanes.get(db) ?? { running: 0, waiting: [] }
  lanes.set(db, lane)
  return lane
}

/** Whoever leaves hands its place to the first who waits. */
async function enter(lane: Lane): Promise<void> {
  if (lane.running < MOST_RUNNING) return void lane.running++
  if (lane.waiting.length >= MOST_WAITING) throw new QueryRefused(503, 'too many large queries are waiting; try again, or ask by fields that have an index')
  await new Promise<void>(resolve => lane.waiting.push(resolve))
}

/** In a transaction, since a setting of the session would stay with the connection of a pooler. */
async function withTimeLimit<Answer>(db: Database, work: (querier: Querier) => Promise<Answer>, timeLimitMs: number): Promise<Answer> {
  const client = await db.pool.connect()
  let broken: Error | undefined
  try {
    await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${timeLimitMs}; SET LOCAL jit = off`)
    const answer = await work(client)
    await client.query('COMMIT')
    return answer
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: unknown) => { broken = failure instanceof Error ? failure : new Error(String(failure)) })
    if (isCanceled(error)) throw new QueryRefused(400, `the query was given up after ${timeLimitMs / 1000} s: no index serves it and there is too much to read; add a filter on an id, a builder, a worker, results or a time`)
    throw error
  } finally {
    client.release(broken)
  }
}

const isCanceled = (error: unknown) => typeof error === 'object' && error !== null && 'code' in error && error.code === CANCELED
