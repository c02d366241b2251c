import type { Clock } from '@yardmaster/runtime'

type Run = (signal: AbortSignal) => Promise<void | { again: boolean }>

/** So many times as long as it took, something that took long is left alone; at most so long. */
const REST = 3
const LONGEST_MS = 1_000

/**
 * What is asked for whenever a build begins or ends, and takes longer the more there is: in a large installation it would never pause, and keep the database and this process from all
 * else. In a small one nobody notices.
 */
export function paced(clock: Pick<Clock, 'now' | 'monotonic'>, setAlarm: (epochMs: number) => void, run: Run): Run {
  let notBefore = -Infinity
  return async signal => {
    const restMs = notBefore - clock.monotonic()
    if (restMs > 0) return setAlarm(clock.now() + restMs)
    const began = clock.monotonic()
    try {
      return await run(signal)
    } finally {
      const ended = clock.monotonic()
      notBefore = ended + Math.min((ended - began) * REST, LONGEST_MS)
    }
  }
}
