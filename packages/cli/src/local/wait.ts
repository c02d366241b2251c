import type { Clock } from '@yardmaster/runtime'

/** Asks `condition` again and again until it holds; false when `withinMs` have passed first. */
export async function holdsWithin(clock: Clock, withinMs: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = clock.monotonic() + withinMs
  for (;;) {
    if (await condition()) return true
    if (clock.monotonic() >= deadline) return false
    await clock.sleep(10)
  }
}
