import type { IncomingMessage } from 'node:http'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { addressKey } from './client-key.js'
import { consume } from './rate-limits.js'
import { SignInRefused } from './www-of.js'

/** What costs something before it is known who asks, counted by client address in this process's memory: `points` in so many `seconds`. */
export type PerAddress = {
  /** Throws SignInRefused (429). What it gives takes the count back. */
  take(request: IncomingMessage): Promise<() => void>
}

export function perAddress({ points, seconds, what }: { points: number; seconds: number; what: string }): PerAddress {
  const limiter = new RateLimiterMemory({ points, duration: seconds })
  return {
    async take(request) {
      const client = addressKey(request)
      const { found, seconds: wait } = await consume(limiter, client, 1)
      if (found.consumedPoints > points) throw new SignInRefused(429, `too many ${what} from your address: again in ${wait} s`, wait)
      return () => void limiter.reward(client)
    },
  }
}
