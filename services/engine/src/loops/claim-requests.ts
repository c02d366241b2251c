import { nextNotBefore } from '@yardmaster/db/verbs/find-claimable'
import type { Configuration } from '@yardmaster/domain'
import { ClaimPass, type PassDeps } from '../claim/claim-pass.js'
import { readWorkers } from '@yardmaster/db/verbs/read-worker-views'
import type { WorkerPool } from '../workers/worker-pool.js'

export type ClaimDeps = PassDeps & { pool: WorkerPool }

/** `wakeAt` (epoch ms): there may be more to give then, though nobody says so. */
export type Claiming = { again: boolean; wakeAt: number | null }

/** Gives waiting requests to free workers of this engine, in the order of `findClaimable`. */
export async function claimWaiting(deps: ClaimDeps): Promise<Claiming> {
  const { db, clock, generations, pool } = deps
  const generation = generations.active()
  const sessions = pool.sessions().filter(session => session.link !== null)
  if (!generation || sessions.length === 0) return { again: false, wakeAt: null }
  const byId = new Map(sessions.map(session => [session.workerId, session]))
  const workers = await readWorkers(db, { ids: [...byId.keys()], connected: id => byId.get(id)!.link !== null, now: clock.now(), pools: generation.configuration.pools })
  const { again } = await new ClaimPass(deps, { generation, workers, sessions }).run()
  const asksLater = hasCanStart(generation.configuration) ? await nextNotBefore(db) : null
  const moments = [workers.availableAt, asksLater === null ? null : clock.now() + asksLater].filter(moment => moment !== null)
  return { again, wakeAt: moments.length === 0 ? null : Math.min(...moments) }
}

function hasCanStart({ builders }: Configuration): boolean {
  return builders.some(builder => builder.canStartBuild !== null)
}
