import { systemClock } from '@yardmaster/runtime'

const clock = systemClock()
const BETWEEN_MS = 25

/** Settles when `condition` gives something other than undefined, null or false; fails with what it last found. */
export async function until<T>(what: string, condition: () => Promise<T> | T, withinMs = 20_000): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = clock.monotonic() + withinMs
  for (;;) {
    const found = await condition()
    if (found !== undefined && found !== null && found !== false) return found as NonNullable<Exclude<T, false>>
    if (clock.monotonic() > deadline) throw new Error(`not within ${withinMs} ms: ${what} (last: ${JSON.stringify(found)})`)
    await clock.sleep(BETWEEN_MS)
  }
}
