import { boardOf, readLocks, type LockClaimRow } from '@yardmaster/db/verbs/read-locks'
import { readDemand, type Demand } from '@yardmaster/db/verbs/read-demand'
import { lockUses, onlyBy, type BuilderConfig, type LockBoard, type PoolWorld, type WaitingRequest, type WorkerRowFacts } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Provisioning } from '../deps.js'
import { createBuilderLocks } from './builder-locks.js'
import { createOutdated } from './outdated.js'
import { Stalls } from './stalls.js'

/** What there is and what is asked for, as one moment's rows and the active configuration say. */
export type Look = { generation: LoadedGeneration; demand: Demand; world: PoolWorld; requests: WaitingRequest[]; /** Who holds which locks: a new one each time. */ locks: () => LockBoard }

/** `look`: null while another configuration is active than this process knows, which must not judge machines by the old one. */
export type Looking = { look(generation: LoadedGeneration): Promise<Look | null>; stalls: Stalls }

/** For all loops that look: what is known of requests is known to each. */
export function createLooking(deps: Provisioning): Looking {
  const stalls = new Stalls(deps.clock)
  const means = { stalls, locksOf: createBuilderLocks(deps), outdatedOf: createOutdated(deps) }
  return { stalls, look: generation => look(deps, generation, means) }
}

type Means = { stalls: Stalls; locksOf: ReturnType<typeof createBuilderLocks>; outdatedOf: ReturnType<typeof createOutdated> }

async function look(deps: Provisioning, generation: LoadedGeneration, { stalls, locksOf, outdatedOf }: Means): Promise<Look | null> {
  const { configuration } = generation
  const demand = await readDemand(deps.db, { set: deps.set, generationId: generation.id, capped: configuration.pools.filter(pool => pool.dailyCap).map(pool => pool.name) })
  if (demand.activeGeneration !== generation.id) return null
  const configs = new Map(configuration.pools.map(pool => [pool.name, pool]))
  const pools = demand.pools.map(({ active, ...pool }) => ({ ...pool, config: active ? configs.get(pool.name) ?? null : null }))
  const outdated = await outdatedOf(demand.machines, new Map(pools.map(pool => [pool.id, pool.config])), generation.id)
  const rows: PoolWorld = { ...demand, pools, outdated: machine => outdated.has(machine.id) }
  const known = waitingRequests(demand, configuration.builders, rows)
  const needs = await locksOf(generation, known)
  const requests = known.map(request => ({ ...request, ...needs.get(request.id)!, refused: stalls.refusedOf(request.id) }))
  const claims = await readLocks(deps.db, lockKeys(requests, rows.workers))
  return { generation, demand, world: { ...rows, workers: withLocks(rows.workers, claims) }, requests, locks: () => boardOf(claims) }
}

/** Locks of the installation, and those on workers that build: on the others nobody has them. */
function lockKeys(requests: readonly Pick<WaitingRequest, 'locks' | 'workerLocks'>[], workers: readonly WorkerRowFacts[]): string[] {
  const accesses = new Map(requests.flatMap(({ workerLocks }) => workerLocks.map(access => [access.name, access] as const)))
  const busy = accesses.size === 0 ? [] : workers.filter(({ building }) => building.length > 0)
  return [...new Set([...requests.flatMap(({ locks }) => locks.map(({ key }) => key)), ...busy.flatMap(worker => lockUses([...accesses.values()], worker).map(({ key }) => key))])]
}

function withLocks(workers: readonly WorkerRowFacts[], claims: readonly LockClaimRow[]): WorkerRowFacts[] {
  const onWorkers = new Map<number, LockClaimRow[]>()
  for (const claim of claims.filter(({ key }) => key.startsWith('worker:'))) {
    const worker = Number(claim.key.split(':')[1])
    onWorkers.set(worker, [...onWorkers.get(worker) ?? [], claim])
  }
  return workers.map(worker => ({ ...worker, locks: onWorkers.get(worker.id) ?? [] }))
}

/** A builder that the active configuration does not have is served by none of its workers. */
function waitingRequests({ requests }: Demand, configs: readonly BuilderConfig[], world: PoolWorld): (Omit<WaitingRequest, 'locks' | 'workerLocks' | 'refused'> & { builder: BuilderConfig })[] {
  const builders = new Map(configs.map(builder => [builder.key, builder]))
  return requests.flatMap(({ id, builderKey, worker, parent, machines }) => {
    const builder = builders.get(builderKey)
    return builder ? [{ id, builder: onlyBy(builder, worker), parent, machines: new Map(machines.map(({ pool, fingerprint }) => [pool, usable(world, pool, fingerprint)])) }] : []
  })
}

/** What no machine could be made of is not tried again. */
export function usable({ pools }: Pick<PoolWorld, 'pools'>, poolId: number, fingerprint: string | null): string | null {
  return pools.some(({ id, refused }) => id === poolId && refused.some(other => other.fingerprint === fingerprint)) ? null : fingerprint
}
