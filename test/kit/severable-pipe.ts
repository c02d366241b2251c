import type { Socket } from 'node:net'

/**
 * One connection through us, from `near` to `far`. Held it is a network that loses every packet: nothing passes, and neither side is
 * told, also not of the other's end; healed, what was sent meanwhile arrives, as TCP would send it again.
 */
export class SeverablePipe {
  readonly #near: Socket
  readonly #far: Socket
  #held = false
  #ended = false

  constructor(near: Socket, far: Socket, onClosed: () => void) {
    this.#near = near
    this.#far = far
    const end = () => {
      this.#ended = true
      if (!this.#held) this.cut()
      if (near.destroyed && far.destroyed) onClosed()
    }
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
    this.#join()
  }

  hold(): void {
    if (this.#held) return
    this.#held = true
    this.#near.unpipe(this.#far)
    this.#far.unpipe(this.#near)
  }

  heal(): void {
    if (!this.#held) return
    this.#held = false
    if (this.#ended) return this.cut()
    this.#join()
  }

  /** Both sides are told. */
  cut(): void {
    this.#near.destroy()
    this.#far.destroy()
  }

  #join(): void {
    this.#near.pipe(this.#far)
    this.#far.pipe(this.#near)
  }
}
