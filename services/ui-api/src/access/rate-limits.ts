import type { RateLimitsConfig } from '@yardmaster/domain'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Rank } from './admission.js'

const windowSeconds = 10

export type Consumed = { allowed: boolean; /** Seconds until there is room again. */ retryAfter: number; headers: { [name: string]: string } }

/** How much each client asks of this replica: in its memory, so N replicas let through up to N times as much. */
export type RateLimits = {
  /** Takes `cost` from what the client may ask; null: it is not limited. */
  take(client: string, rank: Rank, cost: number): Promise<Consumed | null>
  /** What turned out to be dearer. */
  charge(client: string, rank: Rank, cost: number): void
}

type Limit = { perMinute: number; limiter: RateLimiterMemory }

/** What the limiter says, whether it lets it through or not, and in how many seconds there is room again. */
export async function consume(limiter: RateLimiterMemory, client: string, cost: number): Promise<{ found: RateLimiterRes; seconds: number }> {
  // Refused by a rejection that is no error.
  const found: unknown = await limiter.consume(client, cost).catch((refused: unknown) => refused)
  if (!(found instanceof RateLimiterRes)) throw found
  return { found, seconds: Math.max(1, Math.ceil(found.msBeforeNext / 1000)) }
}

/** `config` is read at each request, so that a reload acts at once. */
export function createRateLimits(config: () => RateLimitsConfig): RateLimits {
  const limits = new Map<Rank, Limit>()
  const limitOf = (rank: Rank): Limit | null => {
    const perMinute = rank === 'people' ? config().signedIn : config().anonymous
    if (perMinute === null) return null
    const present = limits.get(rank)
    if (present?.perMinute === perMinute) return present
    const limit = { perMinute, limiter: new RateLimiterMemory({ points: Math.max(1, Math.round((perMinute * windowSeconds) / 60)), duration: windowSeconds }) }
    limits.set(rank, limit)
    return limit
  }
  return {
    async take(client, rank, cost) {
      const limit = limitOf(rank)
      if (!limit) return null
      const { points } = limit.limiter
      const { found, seconds } = await consume(limit.limiter, client, Math.min(cost, points))
      const name = rank === 'people' ? 'signed-in' : 'anonymous'
      return {
        allowed: found.consumedPoints <= points, retryAfter: seconds,
        headers: { 'ratelimit-policy': `"${name}";q=${points};w=${windowSeconds}`, ratelimit: `"${name}";r=${found.remainingPoints};t=${seconds}` },
      }
    },
    charge(client, rank, cost) {
      void limitOf(rank)?.limiter.penalty(client, cost)
    },
  }
}
