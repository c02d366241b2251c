import { isDeepStrictEqual } from 'node:util'
import { boardOf, readLocks } from '@yardmaster/db/verbs/read-locks'
import { readDemand, type Demand } from '@yardmaster/db/verbs/read-demand'
import { lockUses, type BuilderConfig, type LockBoard, type LockUse, type PoolConfig, type PoolMachine, type PoolWorld, type WaitingRequest } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Provisioning } from '../deps.js'

/** What there is and what is asked for, as one moment's rows and the active configuration say. */
export type Look = { generation: LoadedGeneration; demand: Demand; world: PoolWorld; requests: WaitingRequest[]; /** Who holds which locks: a new one each time. */ locks: () => LockBoard }

export async function look(deps: Provisioning, generation: LoadedGeneration): Promise<Look> {
  const { configuration } = generation
  const demand = await readDemand(deps.db, { set: deps.set, generationId: generation.id, capped: configuration.pools.filter(pool => pool.dailyCap).map(pool => pool.name) })
  const configs = new Map(configuration.pools.map(pool => [pool.name, pool]))
  const pools = demand.pools.map(({ active, ...pool }) => ({ ...pool, config: active ? configs.get(pool.name) ?? null : null }))
  const outdated = await outdatedMachines(deps, demand.machines, new Map(pools.map(pool => [pool.id, pool.config])), generation.id)
  const world: PoolWorld = { ...demand, pools, outdated: machine => outdated.has(machine.id) }
  const requests = waitingRequests(demand, configuration.builders, world)
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

/** Those that could start but for a worker, as far as rows tell. A builder that the active configuration does not have is served by none of its workers. */
function waitingRequests({ requests }: Demand, configs: readonly BuilderConfig[], world: PoolWorld): WaitingRequest[] {
  const builders = new Map(configs.map(builder => [builder.key, { builder, locks: clusterLocks(builder) }]))
  return requests.flatMap(({ id, builderKey, parent, machines }) => {
    const known = builders.get(builderKey)
    return known ? [{ id, ...known, parent, machines: new Map(machines.map(({ pool, fingerprint }) => [pool, usable(world, pool, fingerprint)])) }] : []
  })
}

/** What no machine could be made of is not tried again. */
function usable({ pools }: PoolWorld, poolId: number, fingerprint: string | null): string | null {
  return pools.some(({ id, refused }) => id === poolId && refused.some(other => other.fingerprint === fingerprint)) ? null : fingerprint
}

/** Locks on a worker are free on one that does not build yet; those that a function says are known when the build begins. */
function clusterLocks({ locks }: BuilderConfig): LockUse[] {
  return Array.isArray(locks) ? lockUses(locks.filter(({ scope }) => scope === 'cluster'), { id: 0, name: '' }) : []
}
