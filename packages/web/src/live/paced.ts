import type { Clock } from '../lib/clock.js'

export type Paced = { call(): void; cancel(): void }

/**
 * Calls `run` soon after it is asked to, once for all who ask meanwhile, and not again before it has rested: for as long as `run` answers
 * (milliseconds), which may be the longer the more there was to do.
 */
export function paced(run: () => number, clock: Clock, soonMs: number): Paced {
  let state: 'idle' | 'soon' | 'resting' | 'wanted' = 'idle'
  let cancel = (): void => undefined
  const go = (): void => {
    state = 'resting'
    const rest = run()
    cancel = clock.setTimeout(() => {
      if (state === 'wanted') go()
      else state = 'idle'
    }, rest)
  }
  return {
    call() {
      if (state === 'resting') state = 'wanted'
      if (state !== 'idle') return
      state = 'soon'
      cancel = clock.setTimeout(go, soonMs)
    },
    cancel() {
      cancel()
      state = 'idle'
    },
  }
}
