import { isRecord, type Json, type Price } from '@yardmaster/domain'
import type { Clock } from '@yardmaster/runtime'
import { ProviderError } from '../provider-error.js'
import type { UpcloudClient } from './client.js'
import { at, numberAt, recordsAt, textAt } from './json-read.js'
import type { ServerOptions } from './server-options.js'

export type Catalogue = {
  /** Of /price, by zone and item: hundredths of the account's currency an hour. */
  prices: Map<string, Json>
  plans: Map<string, { storageSize: number; storageTier: string | null }>
  currency: string
}

const KEPT_MS = 3_600_000
const PERIOD_S = 3_600
/** ISO 4217 for none: a sub-account may be kept from seeing its own details. */
const NO_CURRENCY = 'XXX'

/** What UpCloud sells and for how much, asked for once an hour. */
export class Catalogues {
  readonly #client: UpcloudClient
  readonly #clock: Clock
  #kept: { catalogue: Catalogue; until: number } | null = null

  constructor(client: UpcloudClient, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  async get(signal: AbortSignal): Promise<Catalogue> {
    if (this.#kept && this.#kept.until > this.#clock.monotonic()) return this.#kept.catalogue
    const [prices, plans, currency] = await Promise.all([this.#client.get('/price', signal), this.#client.get('/plan', signal), this.#currency(signal)])
    const catalogue: Catalogue = {
      prices: new Map(recordsAt(prices, 'prices', 'zone').map(zone => [textAt(zone, 'name') ?? '', zone])),
      plans: new Map(recordsAt(plans, 'plans', 'plan').map(plan => [textAt(plan, 'name') ?? '', { storageSize: numberAt(plan, 'storage_size') ?? 0, storageTier: textAt(plan, 'storage_tier') }])),
      currency,
    }
    this.#kept = { catalogue, until: this.#clock.monotonic() + KEPT_MS }
    return catalogue
  }

  async #currency(signal: AbortSignal): Promise<string> {
    try {
      const username = textAt(await this.#client.get('/account', signal), 'account', 'username')
      return username === null ? NO_CURRENCY : textAt(await this.#client.get(`/account/details/${encodeURIComponent(username)}`, signal), 'account', 'currency') ?? NO_CURRENCY
    } catch (error) {
      if (error instanceof ProviderError && !error.mayHaveHappened && error.retryAfterMs === null) return NO_CURRENCY
      throw error
    }
  }
}

/**
 * An hour of such a machine; null: the zone's price list does not have its plan. A plan that comes with a disk has one of its tier and up to its size in its price, and
 * an address; a larger one is paid for whole.
 */
export function priceOf({ prices, plans, currency }: Catalogue, options: ServerOptions, disk: number): Price | null {
  const zone = prices.get(options.zone)
  const per = (item: string): number | null => {
    const price = numberAt(zone, item, 'price')
    return price === null ? null : price / (numberAt(zone, item, 'amount') || 1)
  }
  const plan = options.plan === 'custom' ? sum(times(per('server_core'), options.cores), times(per('server_memory'), options.memory)) : per(`server_plan_${options.plan}`)
  if (plan === null || !isRecord(zone)) return null
  const own = plans.get(options.plan)
  const included = own !== undefined && own.storageTier === options.tier && disk <= own.storageSize
  const storage = included ? 0 : times(per(`storage_${options.tier}`), disk) ?? 0
  const address = options.publicNetwork && !own?.storageSize ? per('ipv4_address') ?? 0 : 0
  return { perHour: (plan + storage + address) / 100, currency, period: PERIOD_S }
}

const times = (price: number | null, amount: number): number | null => (price === null ? null : price * amount)
const sum = (one: number | null, other: number | null): number | null => (one === null || other === null ? null : one + other)

/** Whether the zone's price list has it at all. */
export const isSold = ({ prices }: Catalogue, zone: string, plan: string): boolean => at(prices.get(zone), plan === 'custom' ? 'server_core' : `server_plan_${plan}`) !== undefined
