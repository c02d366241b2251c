import type { Json, PoolConfig, Price } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import { failureOf } from '../do/failures.js'
import { within } from '../do/within.js'
import { fillStandIns } from '../rendering/stand-ins.js'

const KEPT_MS = 3_600_000
/** What could not be told is asked for again. */
const AGAIN_MS = 30_000
/** As long as a refusal is believed: what a configuration names may come to be. */
const UNSOLD_MS = 600_000
const DEADLINE_MS = 10_000

export type Priced = { generationId: number; pool: PoolConfig; options: { [name: string]: Json }; zone: string | null; plan: string | null }

/** null: the provider has no prices. unsold: it does not have such a machine. unknown: it did not answer. */
export type Told = Price | null | 'unsold' | 'unknown'

export type Prices = { of(machine: Priced, signal: AbortSignal): Promise<Told> }

type Known = { until: number; price: Promise<Told> }

/** What machines cost, as their providers say: each sort is asked for once in a while. What only a machine may know is left out of what is asked. */
export function createPrices({ providers, clock, logger }: Provisioning): Prices {
  const known = new Map<string, Known>()
  /** Pools whose provider did not answer, until when nothing is asked for them: each question would be waited for in vain. */
  const silent = new Map<string, number>()
  const ask = async ({ generationId, pool, options, zone, plan }: Priced, signal: AbortSignal): Promise<Told> => {
    try {
      const { provider, queue } = await providers.of(generationId, pool.name)
      if (!provider.price) return null
      const plain = fillStandIns(options, { worker: {}, secret: () => '' }) as { [name: string]: Json }
      return await queue.add(() => within({ clock, signal, ms: DEADLINE_MS }, either => provider.price!({ options: plain, zone, plan }, either)), { priority: 2 }) ?? 'unsold'
    } catch (error) {
      const { class: failureClass, message } = failureOf(error)
      logger.warn({ pool: pool.name, zone, plan, why: message }, 'the price of a machine is not known')
      return failureClass === 'configuration' ? 'unsold' : 'unknown'
    }
  }
  return {
    async of(machine, signal) {
      const key = JSON.stringify([machine.generationId, machine.pool.name, machine.options, machine.zone, machine.plan])
      const pool = `${machine.generationId}/${machine.pool.name}`
      const found = known.get(key)
      if (found && clock.monotonic() < found.until) return found.price
      if (clock.monotonic() < (silent.get(pool) ?? -Infinity)) return 'unknown'
      for (const [old, { until }] of known) if (until <= clock.monotonic()) known.delete(old)
      for (const [old, until] of silent) if (until <= clock.monotonic()) silent.delete(old)
      const entry: Known = { until: clock.monotonic() + KEPT_MS, price: ask(machine, signal) }
      known.set(key, entry)
      const price = await entry.price
      if (price === 'unknown') silent.set(pool, entry.until = clock.monotonic() + AGAIN_MS)
      if (price === 'unsold') entry.until = clock.monotonic() + UNSOLD_MS
      return price
    },
  }
}
