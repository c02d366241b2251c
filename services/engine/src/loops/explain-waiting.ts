import { transaction, type Database, type Fence } from '@yardmaster/db'
import { passOverRequests } from '@yardmaster/db/verbs/pass-over-requests'
import { readWaiting } from '@yardmaster/db/verbs/read-waiting'
import { waitsForWorker } from '@yardmaster/domain'
import type { Generations } from '@yardmaster/replica'
import type { Clock } from '@yardmaster/runtime'
import { readWorkers } from '../claim/worker-views.js'

/** Of each builder: the one that is next. Of a long queue each becomes that in its turn, so more would cost a write per build more. */
const PER_BUILDER = 1
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
  const { views } = await readWorkers(db, { ids: null, now: clock.now(), pools: active.configuration.pools })
  const asked = new Set(waiting.map(request => request.builderKey))
  const whys = new Map(active.configuration.builders.filter(builder => asked.has(builder.key)).map(builder => [builder.key, waitsForWorker(builder, views)]))
  const changed = waiting.flatMap(({ id, builderKey, waitsFor }) => {
    const why = whys.get(builderKey)
    return why && why !== waitsFor ? [{ requestId: id, waitsFor: why }] : []
  })
  for (let at = 0; at < changed.length; at += AT_ONCE) await transaction(db, fence, tx => passOverRequests(tx, changed.slice(at, at + AT_ONCE)))
}
