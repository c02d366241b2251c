import { masked, maskOf } from '@yardmaster/rest'

/** One event, ready to be sent: `message` is the resource as JSON text, made once for all who get it. */
export type Message = { path: string; message: string }

/** Someone who listens. `send` must not throw and must not wait; `end` breaks the connection off, so that its client comes back and reads anew. */
export type Listener = { send(message: Message): void; end(reason: string): void }

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
  listenersOf(path: string): Set<Listener> {
    const found = new Set<Listener>()
    for (const mask of this.#masks.keys()) {
      const pattern = masked(path, mask)
      if (pattern === undefined) continue
      for (const listener of this.#byPattern.get(pattern) ?? []) found.add(listener)
    }
    return found
  }

  all(): Set<Listener> {
    return new Set([...this.#byPattern.values()].flatMap(listeners => [...listeners]))
  }
}
