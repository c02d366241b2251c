import type { InstanceWanted } from '@yardmaster/db/verbs/request-instances'
import { capState, fits, nextCost, type CapState, type Obstacle, type PoolState, type Start } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import { noBuild, renderMachineOptions } from '../rendering/machine-options.js'
import { readRequestViews } from '../rendering/request-view.js'
import { failureOf } from '../do/failures.js'
import type { Look } from './look.js'
import type { Prices, Told } from './prices.js'

export type Made = {
  wanted: InstanceWanted[]
  /** Pools that may start nothing more now, though more was planned. */
  barred: Map<number, Obstacle>
  /** Of pools whose options depend on the build: requests that may have none of the pool's machines, by the pool's id. */
  without: Map<number, number[]>
}

type Making = { seen: Look; prices: Prices; signal: AbortSignal }

/** What is written down for these starts: priced, within the caps. A start whose request is not there any more is left out. */
export async function makeStarts(deps: Provisioning, starts: readonly Start[], { seen, prices, signal }: Making): Promise<Made> {
  const made: Made = { wanted: [], barred: new Map(), without: new Map() }
  const { world, generation } = seen
  const pools = new Map(world.pools.map(pool => [pool.id, pool]))
  const caps = new Map(world.pools.flatMap(pool => (pool.config?.dailyCap ? [[pool.id, capState(pool.config.dailyCap, world.machines.filter(machine => machine.pool === pool.id), world.now)]] : [])))
  const views = await readRequestViews(deps.db, generation, starts.flatMap(start => start.requestId ?? []))
  for (const start of starts) {
    const pool = pools.get(start.pool)!
    const view = start.requestId === null ? noBuild : views.get(start.requestId)
    if (!pool.config || !view || made.barred.has(pool.id)) continue
    const { zone, plan } = start.placement
    // One that cannot be rendered is not in the way of the others: it is told where the machine is asked for.
    const rendered = await renderMachineOptions(pool.config.provider.machine, view, { generation, random: deps.random })
      .catch((error: unknown) => deps.logger.warn({ pool: pool.name, request: start.requestId, why: failureOf(error).message }, 'the options of a machine could not be rendered'))
    const price = rendered ? await prices.of({ generationId: generation.id, pool: pool.config, options: rendered.options, zone, plan }, signal) : 'unsold'
    const obstacle = outOfMoney(pool, caps.get(pool.id), price)
    if (obstacle && price === 'unsold' && start.fingerprint !== null) made.without.set(pool.id, [...made.without.get(pool.id) ?? [], start.requestId!])
    else if (obstacle) made.barred.set(pool.id, obstacle)
    else made.wanted.push({
      poolId: pool.id, workerId: start.workerId, provider: pool.config.provider.kind, generationId: generation.id, fingerprint: start.fingerprint, requestId: start.requestId,
      zone, plan, price: typeof price === 'string' ? null : price, reason: start.reason,
    })
  }
  return made
}

/** Why the pool's cap does not let another machine begin; else it is reserved for. */
function outOfMoney({ name }: PoolState, cap: CapState | undefined, price: Told): Obstacle | null {
  if (!cap) return null
  if (typeof price === 'string') return { why: `pool ${name} has a daily cap, and the price of a machine is not known`, until: null }
  if (price === null) return null
  const next = nextCost(price)
  if (!fits(cap, next)) return { why: `pool ${name} has reached its daily cap: ${money(cap.spent)} of ${cap.amount} ${price.currency} are spent, ${money(cap.reserved)} reserved`, until: cap.dayEnds }
  cap.reserved += next
  return null
}

const money = (amount: number) => String(Number(amount.toFixed(4)))
