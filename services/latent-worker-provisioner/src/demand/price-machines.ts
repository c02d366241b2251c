import { priceInstances } from '@yardmaster/db/verbs/price-instances'
import { dependsOnBuild, type PoolMachine, type Price } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import { failureOf } from '../do/failures.js'
import { noBuild, renderMachineOptions } from '../rendering/machine-options.js'
import type { Look } from './look.js'
import type { Prices } from './prices.js'

/**
 * Machines whose price could not be told when they were started, and those that were found: what they cost is asked for later. Of options that depend on a build, or of a
 * configuration that cannot be read any more, it is not known.
 */
export async function priceMachines(deps: Provisioning, { world }: Look, { prices, signal }: { prices: Prices; signal: AbortSignal }): Promise<void> {
  const names = new Map(world.pools.map(pool => [pool.id, pool.name]))
  const alike = new Map<string, { pool: string; machines: PoolMachine[] }>()
  for (const machine of world.machines.filter(({ price, begun, goneAt }) => price === null && begun && goneAt === null)) {
    const key = JSON.stringify([machine.generationId, machine.pool, machine.zone, machine.plan])
    const group = alike.get(key) ?? { pool: names.get(machine.pool)!, machines: [] }
    alike.set(key, group)
    group.machines.push(machine)
  }
  const priced: { id: number; price: Price }[] = []
  for (const { pool, machines } of alike.values()) {
    const price = await priceOf(deps, machines[0]!, { pool, prices, signal }).catch((error: unknown) => deps.logger.warn({ pool, why: failureOf(error).message }, 'the price of a machine is not known'))
    if (price) priced.push(...machines.map(({ id }) => ({ id, price })))
  }
  if (priced.length > 0) await deps.write(tx => priceInstances(tx, priced))
}

async function priceOf({ providers, generations, random }: Provisioning, { generationId, zone, plan }: PoolMachine, { pool: name, prices, signal }: { pool: string; prices: Prices; signal: AbortSignal }): Promise<Price | null> {
  const pool = await providers.pool(generationId, name)
  if (dependsOnBuild(pool.provider.machine)) return null
  const { options } = await renderMachineOptions(pool.provider.machine, noBuild, { generation: await generations.get(generationId), random })
  const price = await prices.of({ generationId, pool, options, zone, plan }, signal)
  return typeof price === 'string' ? null : price
}
