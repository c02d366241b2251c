import { isDeepStrictEqual } from 'node:util'
import { boardOf, readLocks } from '@yardmaster/db/verbs/read-locks'
import { readDemand, type Demand } from '@yardmaster/db/verbs/read-demand'
import type { BuilderConfig, LockBoard, PoolConfig, PoolMachine, PoolWorld, WaitingRequest } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Provisioning } from '../deps.js'
import { createBuilderLocks } from './builder-locks.js'
import { Stalls } from './stalls.js'

/** What there is and what is asked for, as one moment's rows and the active configuration say. */
export type Look = { generation: LoadedGeneration; demand: Demand; world: PoolWorld; requests: WaitingRequest[]; /** Who holds which locks: a new one each time. */ locks: () => LockBoard }

export type Looking = { look(generation: LoadedGeneration): Promise<Look>; stalls: Stalls }

/** For all loops that look: what is known of requests is known to each. */
export function createLooking(deps: Provisioning): Looking {
  const stalls = new Stalls(deps.clock)
  const locksOf = createBuilderLocks(deps)
  return { stalls, look: generation => look(deps, generation, { stalls, locksOf }) }
}

async function look(deps: Provisioning, generation: LoadedGeneration, { stalls, locksOf }: { stalls: Stalls; locksOf: ReturnType<typeof createBuilderLocks> }): Promise<Look> {
  const { configuration } = generation
  const demand = await readDemand(deps.db, { set: deps.set, generationId: generation.id, capped: configuration.pools.filter(pool => pool.dailyCap).map(pool => pool.name) })
  const configs = new Map(configuration.pools.map(pool => [pool.name, pool]))
  const pools = demand.pools.map(({ active, ...pool }) => ({ ...pool, config: active ? configs.get(pool.name) ?? null : null }))
  const outdated = await outdatedMachines(deps, demand.machines, new Map(pools.map(pool => [pool.id, pool.config])), generation.id)
  const world: PoolWorld = { ...demand, pools, outdated: machine => outdated.has(machine.id) }
  const known = waitingRequests(demand, configuration.builders, world)
  const uses = await locksOf(generation, known)
  const requests = known.map(request => ({ ...request, locks: uses.get(request.id)!, refused: stalls.refusedOf(request.id) }))
  const claims = await readLocks(deps.db, [...new Set(requests.flatMap(request => request.locks.map(({ key }) => key)))])
  return { generation, demand, world, requests, locks: () => boardOf(claims) }
}

/** Machines whose pool was of another provider, account or options in the generation that they are of. */
async function outdatedMachines({ generations }: Provisioning, machines: readonly PoolMachine[], configs: ReadonlyMap<number, PoolConfig | null>, active: number): Promise<Set<number>> {
  const found = new Set<number>()
  for (const machine of machines) {
    const config = configs.get(machine.pool)
    if (!machine.wanted || machine.generationId === active || !config) continue
    const { configuration } = await generations.get(machine.generationId)
    const before = configuration.pools.find(pool => pool.name === config.name)
    if (!isDeepStrictEqual(before?.provider, config.provider)) found.add(machine.id)
  }
  return found
}

/** A builder that the active configuration does not have is served by none of its workers. */
function waitingRequests({ requests }: Demand, configs: readonly BuilderConfig[], world: PoolWorld): (Omit<WaitingRequest, 'locks' | 'refused'> & { builder: BuilderConfig })[] {
  const builders = new Map(configs.map(builder => [builder.key, builder]))
  return requests.flatMap(({ id, builderKey, parent, machines }) => {
    const builder = builders.get(builderKey)
    return builder ? [{ id, builder, parent, machines: new Map(machines.map(({ pool, fingerprint }) => [pool, usable(world, pool, fingerprint)])) }] : []
  })
}

/** What no machine could be made of is not tried again. */
function usable({ pools }: PoolWorld, poolId: number, fingerprint: string | null): string | null {
  return pools.some(({ id, refused }) => id === poolId && refused.some(other => other.fingerprint === fingerprint)) ? null : fingerprint
}
