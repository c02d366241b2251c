import { transaction, type Database, type Fence } from '@yardmaster/db'
import { passOverRequests } from '@yardmaster/db/verbs/pass-over-requests'
import { readWaiting } from '@yardmaster/db/verbs/read-waiting'
import { readObstacles, type PoolObstacle } from '@yardmaster/db/verbs/read-obstacles'
import { onlyBy, untilText, waitsForWorker } from '@yardmaster/domain'
import type { Generations } from '@yardmaster/replica'
import type { Clock } from '@yardmaster/runtime'
import { MachineFits } from '../claim/machine-fits.js'
import { readWorkers } from '@yardmaster/db/verbs/read-worker-views'

/** Of each builder: the one that is next. Of a long queue each becomes that in its turn, so more would cost a write per build more. */
const PER_BUILDER = 1
const OTHERS = 'has a machine that was made for other builds'
/** In one transaction: claims leave out what is locked. */
const AT_ONCE = 100

/**
 * Says of the requests that are next why no worker of the installation can build them, where none can. What a worker could build is left to the
 * engines that give it work: they know of locks and of what the configuration's functions say.
 */
export async function explainWaiting({ db, fence, generations, clock }: { db: Database; fence: Fence; generations: Generations; clock: Clock }): Promise<void> {
  const waiting = await readWaiting(db, PER_BUILDER)
  const active = generations.active()
  if (waiting.length === 0 || !active) return
  const { views, machines } = await readWorkers(db, { ids: null, now: clock.now(), pools: active.configuration.pools })
  const fits = new MachineFits(db, machines)
  await fits.read(waiting.map(request => request.id))
  const obstacles = active.configuration.pools.length === 0 ? new Map<string, string>() : obstacleTexts(await readObstacles(db), clock.now())
  const builders = new Map(active.configuration.builders.map(builder => [builder.key, builder]))
  const changed = waiting.flatMap(({ id, builderKey, waitsFor, worker }) => {
    const builder = builders.get(builderKey)
    const suiting = machines.size === 0 ? views : views.map(view => (view.unavailable !== null || fits.fits(id, view.name) ? view : { ...view, unavailable: OTHERS }))
    const why = builder && waitsForWorker(onlyBy(builder, worker), suiting, obstacles)
    return why && why !== waitsFor ? [{ requestId: id, waitsFor: why }] : []
  })
  for (let at = 0; at < changed.length; at += AT_ONCE) await transaction(db, fence, tx => passOverRequests(tx, changed.slice(at, at + AT_ONCE)))
}

function obstacleTexts(obstacles: readonly PoolObstacle[], now: number): Map<string, string> {
  return new Map(obstacles.map(({ pool, why, forMs }) => [pool, forMs !== null && forMs > 0 ? `${why}, ${untilText({ until: now + forMs, timeZone: 'UTC', reason: null }, now)}` : why]))
}
