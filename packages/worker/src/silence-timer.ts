import type { Clock } from '@yardmaster/runtime'

export type SilenceOptions = { clock: Clock; limitMs: number; lastSound: () => number; onSilence: () => void }

/** Calls `onSilence` once when the last sound is `limitMs` ago. One timer, not one for each chunk of output. The answer cancels it. */
export function silenceTimer({ clock, limitMs, lastSound, onSilence }: SilenceOptions): () => void {
  let cancel: () => void
  const arm = (ms: number) => {
    cancel = clock.setTimeout(() => {
      const left = lastSound() + limitMs - clock.monotonic()
      if (left > 0) arm(left)
      else onSilence()
    }, ms)
  }
  arm(limitMs)
  return () => cancel()
}
