import type { Clock } from '@yardmaster/runtime'
import { isUnavailable } from './transaction.js'

const PAUSE_MS = 250

/** The answer of a read (or of what may be written twice), which is repeated while the database is away. */
export async function onceReachable<T>(clock: Clock, read: () => Promise<T>, onAway: (error: unknown) => void = () => {}): Promise<T> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!isUnavailable(error)) throw error
      onAway(error)
      await clock.sleep(PAUSE_MS)
    }
  }
}
