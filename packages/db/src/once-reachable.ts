import type { Clock } from '@yardmaster/runtime'
import { isUnavailable } from './transaction.js'

const PAUSE_MS = 250

/** The answer of a read, which is repeated while the database is away. */
export async function onceReachable<T>(clock: Clock, read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!isUnavailable(error)) throw error
      await clock.sleep(PAUSE_MS)
    }
  }
}
