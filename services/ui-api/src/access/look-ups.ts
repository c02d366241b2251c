import type { AuthConfig } from '@yardmaster/domain'
import type { Clock } from '@yardmaster/runtime'
import type { IncomingMessage } from 'node:http'
import { BoundedMap } from './bounded-map.js'
import { perAddress } from './per-address.js'

/** What was nobody's is nobody's for so long without another look. */
const REFUSED_MS = 5_000
const MOST_KEPT = 10_000
/** Of one address, of what is not known here to be somebody's. */
const vain = { points: 1_000, seconds: 10, what: 'sessions or tokens that are none' }

export type LookUps = {
  /** Of whom a session or token (`key`) is: null, nobody's. Throws SignInRefused (429) when its sender had too many that are none. */
  find<T>(request: IncomingMessage, key: string, look: () => Promise<T | null>): Promise<T | null>
}

/** Anybody can send what might be a session or a token: what is none costs the database little, however much of it is sent. */
export function openLookUps({ clock, auth }: { clock: Pick<Clock, 'monotonic'>; auth(): AuthConfig }, limit = perAddress(vain)): LookUps {
  const refused = new BoundedMap<number>(MOST_KEPT)
  const known = new BoundedMap<true>(MOST_KEPT)
  let configured = auth()
  return {
    async find(request, key, look) {
      const now = auth()
      // Of another way to sign in it may be.
      if (now !== configured) refused.clear()
      configured = now
      if ((refused.get(key) ?? -Infinity) > clock.monotonic()) return null
      // Counted before it is looked at: else all that come at the same time would be looked at.
      const giveBack = known.get(key) ? null : await limit.take(request)
      const found = await look()
      if (found === null) refused.set(key, clock.monotonic() + REFUSED_MS)
      else {
        known.set(key, true)
        giveBack?.()
      }
      return found
    },
  }
}
