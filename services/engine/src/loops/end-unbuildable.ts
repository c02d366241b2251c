import { transaction, type Database, type Fence } from '@yardmaster/db'
import { endUnbuildable } from '@yardmaster/db/verbs/end-unbuildable'
import { readSlots } from '@yardmaster/db/verbs/read-machines'
import { readDoubtful, readRefusals } from '@yardmaster/db/verbs/read-refusals'
import { dependsOnBuild, mayServe, unbuildable, type BuilderConfig } from '@yardmaster/domain'
import type { Generations } from '@yardmaster/replica'
import type { Clock, Logger } from '@yardmaster/runtime'
import { readWorkers } from '@yardmaster/db/verbs/read-worker-views'

export type UnbuildableDeps = { db: Database; fence: Fence; generations: Generations; clock: Clock; logger: Logger }

/** Looked at in one run. */
const AT_ONCE = 100

/** Who could build what a builder is asked for: machines alone, of these pools. `workerId`: one of their slots. */
type Served = { pools: number[]; workerId: number }

/**
 * Requests that no machine can be made for, as the configuration is, end: with a build that says why. Only where machines are all that could serve them: a worker that
 * connects by itself may come.
 */
export async function endUnbuildableRequests(deps: UnbuildableDeps): Promise<{ again: boolean }> {
  const { db, fence, generations, logger } = deps
  const active = generations.active()
  if (!active || active.configuration.pools.length === 0) return { again: false }
  const refusals = await readRefusals(db, active.id)
  // Options that depend on no build are the same for all, and none were refused.
  if (refusals.length === 0 && !active.configuration.pools.some(pool => dependsOnBuild(pool.provider.machine))) return { again: false }
  const served = await servedByPools(deps, active.configuration.builders)
  const hopeless = [...served].filter(([, { pools }]) => pools.every(pool => refusals.some(refusal => refusal.pool === pool && refusal.fingerprint === null))).map(([key]) => key)
  const doubtful = await readDoubtful(db, { generationId: active.id, builders: [...served.keys()], hopeless, limit: AT_ONCE })
  let ended = 0
  for (const request of doubtful) {
    const { pools, workerId } = served.get(request.builderKey)!
    const reason = unbuildable(request, pools, refusals)
    const build = reason === null ? null : await transaction(db, fence, tx => endUnbuildable(tx, { requestId: request.id, workerId, generationId: active.id, reason }))
    if (build === null) continue
    ended += 1
    logger.warn({ request: request.id, build, why: reason }, 'a request was ended: no machine can be made for it')
  }
  return { again: ended === AT_ONCE }
}

/** The builders that machines alone serve. */
async function servedByPools({ db, clock }: UnbuildableDeps, builders: readonly BuilderConfig[]): Promise<Map<string, Served>> {
  const { views } = await readWorkers(db, { ids: null, now: clock.now(), pools: [] })
  const slots = new Map((await readSlots(db, null)).map(slot => [slot.worker, slot]))
  return new Map(builders.flatMap((builder): [string, Served][] => {
    const serving = views.filter(view => mayServe(view, builder)).map(view => slots.get(view.name))
    const [first] = serving
    if (!first || serving.includes(undefined)) return []
    return [[builder.key, { workerId: first.workerId, pools: [...new Set(serving.flatMap(slot => slot?.poolId ?? []))] }]]
  }))
}
