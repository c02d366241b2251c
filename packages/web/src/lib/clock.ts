/** Where this page gets its time from; made in main.tsx. */
export type Clock = {
  /** Epoch milliseconds. */
  now(): number
  /** Answers a function that cancels. */
  setTimeout(run: () => void, ms: number): () => void
}

/** Seconds, ticking only while somebody looks at them. */
export type Ticker = { subscribe(listener: () => void): () => void; seconds(): number }

export function createTicker(clock: Clock): Ticker {
  const listeners = new Set<() => void>()
  let cancel = (): void => undefined
  const tick = (): void => {
    cancel = clock.setTimeout(tick, 1000 - (clock.now() % 1000))
    for (const listener of listeners) listener()
  }
  return {
    seconds: () => Math.floor(clock.now() / 1000),
    subscribe(listener) {
      listeners.add(listener)
      if (listeners.size === 1) cancel = clock.setTimeout(tick, 1000 - (clock.now() % 1000))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) cancel()
      }
    },
  }
}
