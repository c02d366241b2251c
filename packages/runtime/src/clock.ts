import { randomBytes, randomUUID } from 'node:crypto'

/** The only door to time. `main.ts` makes one and hands it down; tests use `manualClock()`. */
export type Clock = {
  /** Epoch milliseconds: for what people read and what is stored. May jump. */
  now(): number
  /** Milliseconds that never go back: for waiting and for judging silence. */
  monotonic(): number
  /** Calls `fn` once after `ms`; the answer cancels it. */
  setTimeout(fn: () => void, ms: number): () => void
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The only door to chance. */
export type Random = {
  uuid(): string
  /** 0 <= x < 1 */
  float(): number
  /** That nobody can guess: for keys, sessions and tokens. */
  bytes(count: number): Buffer
}

/** Node's timers fire at once for anything longer. */
const longestTimer = 2 ** 31 - 1

function setLongTimeout(fn: () => void, ms: number): () => void {
  let timer: NodeJS.Timeout
  const arm = (left: number) => {
    timer = setTimeout(() => (left > longestTimer ? arm(left - longestTimer) : fn()), Math.min(Math.max(left, 0), longestTimer))
  }
  arm(ms)
  return () => clearTimeout(timer)
}

function sleepOn(setTimer: Clock['setTimeout']): Clock['sleep'] {
  return (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const onAbort = () => {
        cancel()
        reject(signal?.reason)
      }
      const cancel = setTimer(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
}

/** The machine's clock. Called in `main.ts` only. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimeout: setLongTimeout,
    sleep: sleepOn(setLongTimeout),
  }
}

/** The machine's chance. Called in `main.ts` only. */
export function systemRandom(): Random {
  return { uuid: () => randomUUID(), float: () => Math.random(), bytes: count => randomBytes(count) }
}

export type ManualClock = Clock & {
  /** Lets `ms` pass: due timers fire in order, and promises that they resolve run before the next one fires. */
  advance(ms: number): Promise<void>
  /** Moves the wall clock alone, as an operator or NTP does. */
  setNow(epochMs: number): void
}

/** A clock for unit tests: time stands still until `advance`. */
export function manualClock(startEpochMs = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsed = 0
  let wall = startEpochMs
  let order = 0
  const timers = new Map<number, { due: number; fn: () => void }>()
  const setTimer: Clock['setTimeout'] = (fn, ms) => {
    const id = order++
    timers.set(id, { due: elapsed + Math.max(ms, 0), fn })
    return () => void timers.delete(id)
  }
  const passTo = (moment: number) => {
    wall += moment - elapsed
    elapsed = moment
  }
  const settle = () => new Promise(resolve => setImmediate(resolve))
  const advance = async (ms: number) => {
    const end = elapsed + ms
    await settle()
    for (;;) {
      const next = [...timers].filter(([, timer]) => timer.due <= end).sort(([a, x], [b, y]) => x.due - y.due || a - b)[0]
      if (!next) break
      const [id, timer] = next
      timers.delete(id)
      passTo(Math.max(timer.due, elapsed))
      timer.fn()
      await settle()
    }
    passTo(end)
  }
  return { now: () => wall, monotonic: () => elapsed, setTimeout: setTimer, sleep: sleepOn(setTimer), advance, setNow: epochMs => void (wall = epochMs) }
}
