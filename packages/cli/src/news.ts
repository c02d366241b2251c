import { FollowedPaths, matchesPath } from '@yardmaster/rest'
import type { Clock, Random } from '@yardmaster/runtime'
import type { Remote } from './remote.js'

/** Tells when it is worth looking again. What is seen is always read from the server; events only say when. */
export type Watch = {
  /** Resolves when something under its paths may have happened since the last time. Rejects when the signal says so. */
  next(): Promise<void>
  add(...paths: readonly string[]): void
  remove(...paths: readonly string[]): void
  close(): void
}
export type News = { /** To be called before what it is about is read. */ watch(...paths: readonly string[]): Watch }
export type NewsOptions = { remote: Pick<Remote, 'follow'>; clock: Clock; random: Random; /** Ends it all. */ signal: AbortSignal }

/** Something busy is looked at so often and no more. */
const pauseMs = 200
/** Looked at anyway, though nothing was told. */
const liveTickMs = 5_000
/** The same while no events come: the server is away, or what is between does not let streams through. */
const blindTickMs = 1_000

type Watcher = { paths: Set<string>; changed: boolean; wake(): void }

/** One stream of events for all that a command waits for. */
export function openNews({ remote, clock, random, signal }: NewsOptions): News {
  const followed = new FollowedPaths()
  const watchers = new Set<Watcher>()
  let [live, begun] = [false, false]
  const tell = (concerns: (watcher: Watcher) => boolean): void => {
    for (const watcher of watchers) if (concerns(watcher)) watcher.wake()
  }
  const connected = (state: boolean): void => {
    live = state
    tell(() => true)
  }
  const begin = (): void => {
    if (begun) return
    begun = true
    remote.follow(followed, {
      signal, random: () => random.float(), wait: (ms, until) => clock.sleep(ms, until),
      onConnected: connected, onResync: () => tell(() => true),
      onAdded: path => tell(({ paths }) => paths.has(path)),
      onEvent: ({ k }) => tell(({ paths }) => [...paths].some(path => matchesPath(path, k))),
      // Refused: it is asked from time to time, and that says why.
    }).catch(() => connected(false))
  }
  const forget = (watcher: Watcher, paths: readonly string[]): void => {
    for (const path of paths) watcher.paths.delete(path)
    followed.remove(...paths.filter(path => ![...watchers].some(other => other.paths.has(path))))
  }
  return {
    watch(...paths) {
      const watcher: Watcher = { paths: new Set(paths), changed: false, wake() { watcher.changed = true } }
      watchers.add(watcher)
      followed.add(...paths)
      begin()
      let looked = -Infinity
      return {
        async next() {
          const early = looked + pauseMs - clock.monotonic()
          if (early > 0) await clock.sleep(early, signal)
          if (!watcher.changed) await changeOf(watcher, { clock, signal, withinMs: live ? liveTickMs : blindTickMs })
          watcher.changed = false
          looked = clock.monotonic()
        },
        add(...more) {
          for (const path of more) watcher.paths.add(path)
          followed.add(...more)
        },
        remove: (...fewer) => forget(watcher, fewer),
        close() {
          watchers.delete(watcher)
          forget(watcher, [...watcher.paths])
        },
      }
    },
  }
}

async function changeOf(watcher: Watcher, { clock, signal, withinMs }: { clock: Clock; signal: AbortSignal; withinMs: number }): Promise<void> {
  const changed = new AbortController()
  watcher.wake = () => {
    watcher.changed = true
    changed.abort()
  }
  await clock.sleep(withinMs, AbortSignal.any([signal, changed.signal])).catch(() => undefined)
  signal.throwIfAborted()
}
