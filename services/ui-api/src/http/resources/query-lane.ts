import type { Database } from '@yardmaster/db'
import type { Clock } from '@yardmaster/runtime'
import { createAdmission, type Admission, type Rank } from '../../access/admission.js'

/** Whatever runs one statement: the pool, or the connection of a lane. */
export type Querier = Pick<Database['pool'], 'query'>

/** At a time, of one process: they read large parts of large tables, and must leave connections and caches to everybody else. */
const MOST_RUNNING = 2
const MOST_WAITING = 60
const MOST_WAITING_OF_ONE = 20
const LONGEST_WAIT_MS = 30_000
const TIME_LIMIT_MS = 10_000
const CANCELED = '57014'

/** Asked too much at once (503), or more than can be read in the time there is (400). */
export class QueryRefused extends Error {
  override name = 'QueryRefused'
  constructor(readonly status: 400 | 503, message: string) {
    super(message)
  }
}

/** Who waits for the answer. */
export type Asker = {
  client: string
  rank: Rank
  /** Gives the place back that is held among all who read: what waits here must not keep others from reading what is quick. */
  leave(): void
  /** Calls when nobody waits for the answer any more. */
  onGone(call: () => void): void
}

export type Asking = { db: Database; clock: Pick<Clock, 'setTimeout'>; asker: Asker }

const lanes = new WeakMap<Database, Admission>()

/**
 * Runs queries that no index serves: few at a time, clients in turns, and none for longer than 10 s. Throws QueryRefused.
 * What they answer is exact, as Buildbot's would be; a limit on what they may read would make it wrong without a word.
 */
export async function inLane<Answer>(asking: Asking, work: (querier: Querier) => Promise<Answer>, timeLimitMs = TIME_LIMIT_MS): Promise<Answer> {
  const { db, asker } = asking
  asker.leave()
  const entered = await laneOf(asking).enter(asker.client, asker.rank, asker.onGone)
  if (!entered.admitted) throw new QueryRefused(503, 'too many large queries are waiting; try again, or ask by fields that have an index')
  try {
    return await withTimeLimit(db, work, timeLimitMs)
  } finally {
    entered.leave()
  }
}

function laneOf({ db, clock }: Asking): Admission {
  const lane = lanes.get(db) ?? createAdmission({ clock, places: MOST_RUNNING, kept: 0, mostWaiting: MOST_WAITING, mostWaitingOfOne: MOST_WAITING_OF_ONE, longestWaitMs: LONGEST_WAIT_MS })
  lanes.set(db, lane)
  return lane
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
