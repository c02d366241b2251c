import { masked, maskOf } from '@yardmaster/rest'
import type { Listener } from './listener.js'

const nobody: ReadonlySet<Listener> = new Set()

/**
 * Who listens to which paths. A look-up costs as much as there are masks of the path's length in use, however many listeners there are: of
 * a path of few parts there are few masks, whatever somebody listens to.
 */
export class Subscriptions {
  readonly #byPattern = new Map<string, Set<Listener>>()
  /** How many patterns have each mask, by the number of parts. */
  readonly #masks = new Map<number, Map<string, number>>()

  add(pattern: string, listener: Listener): void {
    const listeners = this.#byPattern.get(pattern)
    if (listeners) return void listeners.add(listener)
    this.#byPattern.set(pattern, new Set([listener]))
    const mask = maskOf(pattern)
    const alike = this.#masks.get(mask.length) ?? new Map<string, number>()
    this.#masks.set(mask.length, alike.set(mask, (alike.get(mask) ?? 0) + 1))
  }

  remove(pattern: string, listener: Listener): void {
    const listeners = this.#byPattern.get(pattern)
    if (!listeners?.delete(listener) || listeners.size > 0) return
    this.#byPattern.delete(pattern)
    const mask = maskOf(pattern)
    const alike = this.#masks.get(mask.length)
    const left = (alike?.get(mask) ?? 1) - 1
    if (left > 0) alike?.set(mask, left)
    else alike?.delete(mask)
  }

  /** Each listener once, also where several of its patterns match. */
  listenersOf(path: string): ReadonlySet<Listener> {
    let found = nobody
    let joined: Set<Listener> | null = null
    for (const mask of this.#masks.get(path.split('/').length)?.keys() ?? []) {
      const pattern = masked(path, mask)
      const listeners = pattern === undefined ? undefined : this.#byPattern.get(pattern)
      if (!listeners) continue
      if (found === nobody) found = listeners
      else {
        joined ??= new Set(found)
        for (const listener of listeners) joined.add(listener)
      }
    }
    return joined ?? found
  }
}
