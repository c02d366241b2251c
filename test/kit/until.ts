import { systemClock } from '@yardmaster/runtime'
import { vi } from 'vitest'
import { openWaits, type Wait } from './open-waits.js'

const clock = systemClock()
const BETWEEN_MS = 25
/** More than the slowest machine has ever taken for one thing: a deadline names what hangs, it does not judge speed. */
const PATIENCE_MS = 120_000

const HANGS = Symbol('the condition has not answered')

const shown = (found: unknown) => found instanceof Error ? String(found) : (JSON.stringify(found) ?? 'undefined').slice(0, 4_000)

async function within<T>(ms: number, condition: () => Promise<T> | T): Promise<T | typeof HANGS> {
  let cancel = () => {}
  const late = new Promise<typeof HANGS>(resolve => { cancel = clock.setTimeout(() => resolve(HANGS), ms) })
  try {
    return await Promise.race([condition(), late])
  } finally {
    cancel()
  }
}

/** Settles when `condition` gives something other than undefined, null or false; fails with what it last found, also when the condition itself does not come back. */
export async function until<T>(what: string, condition: () => Promise<T> | T, withinMs = PATIENCE_MS): Promise<NonNullable<Exclude<T, false>>> {
  const wait: Wait = { what, shown: 'nothing yet' }
  const deadline = clock.monotonic() + withinMs
  openWaits.add(wait)
  try {
    for (;;) {
      const found = await within(Math.max(deadline - clock.monotonic(), BETWEEN_MS), condition)
      if (found === HANGS) throw new Error(`not within ${withinMs} ms: ${what} (asking for it hangs; before: ${wait.shown})`)
      if (found !== undefined && found !== null && found !== false) return found as NonNullable<Exclude<T, false>>
      if (clock.monotonic() > deadline) throw new Error(`not within ${withinMs} ms: ${what} (last: ${shown(found)})`)
      wait.shown = shown(found)
      await clock.sleep(BETWEEN_MS)
    }
  } finally {
    openWaits.delete(wait)
  }
}

/** Settles when `check` throws no more; fails with what it threw last. */
export const settles = <T>(check: () => Promise<T> | T): Promise<T> => vi.waitFor(check, { timeout: PATIENCE_MS, interval: BETWEEN_MS })
