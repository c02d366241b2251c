import type { InstanceWanted } from '@yardmaster/db/verbs/request-instances'
import { capState, fits, nextCost, type CapState, type Obstacle, type PoolState, type Price, type Start } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import type { Look } from './look.js'
import type { Prices } from './prices.js'
import { readRequests, renderFor } from './render-requests.js'

export type Made = {
  wanted: InstanceWanted[]
  /** Pools that may start nothing more now, though more was planned. */
  barred: Map<number, Obstacle>
}

type Making = { seen: Look; prices: Prices; signal: AbortSignal }

/** What is written down for these starts: options rendered, priced, within the caps. A start whose request is not pending any more, or whose options come out otherwise now, is left to the next look. */
export async function makeStarts(deps: Provisioning, starts: readonly Start[], { seen, prices, signal }: Making): Promise<Made> {
  const made: Made = { wanted: [], barred: new Map() }
  const { world, generation } = seen
  const pools = new Map(world.pools.map(pool => [pool.id, pool]))
  const caps = new Map(world.pools.flatMap(pool => (pool.config?.dailyCap ? [[pool.id, capState(pool.config.dailyCap, world.machines.filter(machine => machine.pool === pool.id), world.now)]] : [])))
  const requests = new Map((await readRequests(deps, seen, starts.flatMap(start => start.requestId ?? []))).map(row => [row.id, row]))
  for (const start of starts) {
    const pool = pools.get(start.pool)!
    const request = start.requestId === null ? null : requests.get(start.requestId)
    if (!pool.config || request === undefined || made.barred.has(pool.id)) continue
    const rendered = await renderFor(deps, generation, pool.config, start.fingerprint === null ? null : request)
    if (rendered.fingerprint !== start.fingerprint) continue
    const { zone, plan } = start.placement
    const price = await prices.of({ generationId: generation.id, pool: pool.config, options: rendered.options, zone, plan }, signal)
    const obstacle = outOfMoney(pool, caps.get(pool.id), price)
    if (obstacle) made.barred.set(pool.id, obstacle)
    else made.wanted.push({
      poolId: pool.id, workerId: start.workerId, provider: pool.config.provider.kind, generationId: generation.id, fingerprint: start.fingerprint, requestId: start.requestId, options: rendered.options,
      zone, plan, price: price === 'unknown' ? null : price, reason: start.reason,
    })
  }
  return made
}

/** Why the pool's cap does not let another machine begin; else it is reserved for. */
function outOfMoney({ name }: PoolState, cap: CapState | undefined, price: Price | null | 'unknown'): Obstacle | null {
  if (!cap) return null
  if (price === 'unknown') return { why: `pool ${name} has a daily cap, and the price of a machine is not known`, until: null }
  if (price === null) return null
  const next = nextCost(price)
  if (!fits(cap, next)) return { why: `pool ${name} has reached its daily cap: ${money(cap.spent)} of ${cap.amount} ${price.currency} are spent, ${money(cap.reserved)} reserved`, until: cap.dayEnds }
  cap.reserved += next
  return null
}

const money = (amount: number) => String(Number(amount.toFixed(4)))
