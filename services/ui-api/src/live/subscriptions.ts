import { masked, maskOf } from '@yardmaster/rest'
import type { Listener } from './listener.js'

const nobody: ReadonlySet<Listener> = new Set()

/** Who listens to which paths. A look-up costs as much as there are masks in use, however many listeners there are. */
export class Subscriptions {
  readonly #byPattern = new Map<string, Set<Listener>>()
  readonly #masks = new Map<string, number>()

  add(pattern: string, listener: Listener): void {
    const listeners = this.#byPattern.get(pattern)
    if (listeners) return void listeners.add(listener)
    this.#byPattern.set(pattern, new Set([listener]))
    const mask = maskOf(pattern)
    this.#masks.set(mask, (this.#masks.get(mask) ?? 0) + 1)
  }

  remove(pattern: string, listener: Listener): void {
    const listeners = this.#byPattern.get(pattern)
    if (!listeners?.delete(listener) || listeners.size > 0) return
    this.#byPattern.delete(pattern)
    const mask = maskOf(pattern)
    const left = (this.#masks.get(mask) ?? 1) - 1
    if (left > 0) this.#masks.set(mask, left)
    else this.#masks.delete(mask)
  }

  /** Each listener once, also where several of its patterns match. */
  listenersOf(path: string): ReadonlySet<Listener> {
    let found = nobody
    let joined: Set<Listener> | null = null
    for (const mask of this.#masks.keys()) {
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
