import { requestInstances } from '@yardmaster/db/verbs/request-instances'
import { tellObstacle } from '@yardmaster/db/verbs/tell-obstacle'
import { planDemand, type Obstacle, type WaitingRequest } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import { dismiss } from '../demand/dismiss.js'
import type { Look, Looking } from '../demand/look.js'
import { makeStarts } from '../demand/make-starts.js'
import { priceMachines } from '../demand/price-machines.js'
import { createPrices, type Prices } from '../demand/prices.js'
import { renderRequests } from '../demand/render-requests.js'

/**
 * Writes down which machines are wanted: for requests that no worker will take, and to be kept ready. What is planned is written in one transaction, which a plan
 * that somebody else was faster than does not get through: it is planned again.
 */
export function meetDemand(deps: Provisioning, { look, stalls }: Looking): (signal: AbortSignal) => Promise<{ again: boolean }> {
  const prices = createPrices(deps)
  const told = new Map<number, string | null>()
  return async signal => {
    const generation = deps.generations.active()
    // Asked for whenever something happens to a request, also where there are no pools: without a query then.
    if (!generation || generation.configuration.pools.length === 0) return { again: false }
    const looked = await look(generation)
    if (!looked) return { again: false }
    const { seen, rendered } = await renderRequests(deps, looked)
    const { starts, obstacles, ready, replaced, more } = await plan(deps, seen, { prices, signal })
    stalls.note(ready, seen.requests)
    await tellObstacles(deps, seen, { obstacles, told })
    for (const { id, uses } of seen.world.machines.filter(machine => replaced.has(machine.id))) await dismiss(deps, { machine: id, uses, reason: 'its place is needed for a build that it was not made for', building: 'leave' })
    if (starts.length === 0) {
      // Money can wait for machines.
      await priceMachines(deps, seen, { prices, signal })
      return { again: rendered }
    }
    const { created, stale } = await deps.write(tx => requestInstances(tx, { set: deps.set, newest: seen.demand.newest, wanted: starts }))
    for (const { id, workerId } of created) {
      const start = starts.find(wanted => wanted.workerId === workerId)
      deps.logger.info({ instance: id, worker: seen.world.workers.find(worker => worker.id === workerId)?.name, reason: start?.reason, zone: start?.zone, plan: start?.plan }, 'a machine is wanted')
    }
    if (created.length > 0) deps.advance()
    return { again: stale || more || rendered }
  }
}

/** Rounds in which it is planned again for requests that a pool has no machine for: what is left is for the next look. */
const MOST_ROUNDS = 10

/** A pool that may not begin what was planned for it is left out, of all or of some requests, and it is planned again: another pool may serve. */
async function plan(deps: Provisioning, seen: Look, { prices, signal }: { prices: Prices; signal: AbortSignal }) {
  const barred = new Map<number, Obstacle>()
  let { requests } = seen
  for (let round = 1; ; round++) {
    // Planning takes locks on paper: each time on a board of its own.
    const planned = planDemand(seen.world, { requests, locks: seen.locks(), barred })
    const made = await makeStarts(deps, planned.starts, { seen, prices, signal })
    const news = [...made.barred].filter(([pool]) => !barred.has(pool))
    for (const [pool, obstacle] of news) barred.set(pool, obstacle)
    requests = withoutPools(requests, made.without)
    const changed = news.length > 0 || made.without.size > 0
    // What could be begun is; for what could not it is planned anew, with that counted.
    if (!changed || made.wanted.length > 0 || round === MOST_ROUNDS) return { more: changed && made.wanted.length > 0, ready: planned.ready, replaced: planned.replaced, starts: made.wanted, obstacles: new Map([...planned.obstacles, ...barred]) }
  }
}

function withoutPools(requests: readonly WaitingRequest[], without: ReadonlyMap<number, readonly number[]>): WaitingRequest[] {
  return requests.map(request => {
    const pools = [...without].flatMap(([pool, ids]) => (ids.includes(request.id) ? [pool] : []))
    return pools.length === 0 ? request : { ...request, machines: new Map([...request.machines, ...pools.map(pool => [pool, null] as const)]) }
  })
}

/** Once each: why a pool that has something to do starts nothing. */
async function tellObstacles({ write, logger }: Provisioning, { world, requests }: Look, { obstacles, told }: { obstacles: ReadonlyMap<number, Obstacle>; told: Map<number, string | null> }): Promise<void> {
  for (const { id, name } of world.pools) {
    const obstacle = requests.length > 0 ? obstacles.get(id) : undefined
    const why = obstacle?.why ?? null
    if (told.get(id) === why) continue
    const anew = await write(tx => tellObstacle(tx, { poolId: id, why, until: obstacle?.until ?? null }))
    if (anew && why !== null) logger.warn({ pool: name, why }, 'a pool starts no machine')
    told.set(id, why)
  }
}
