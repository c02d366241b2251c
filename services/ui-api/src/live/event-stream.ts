import type { ServerResponse } from 'node:http'
import type { Hub } from './hub.js'
import { wordsOf, type End, type Joined, type Listener } from './listener.js'
import type { Message } from './message.js'
import { Outlet } from './outlet.js'

/** Heartbeats without anything taken, after which the client is given up. */
const mostStuckBeats = 4
const lastWordsMs = 10_000

export type EventStreamOptions = {
  hub: Hub
  /** What is said first. */
  handshake: string
  stillReads(): Promise<boolean>
  /** To break it off when the client does not take the last words. */
  later(fn: () => void, ms: number): () => void
  onEnd(why: End): void
}

/** A connection that gets server-sent events. */
export class EventStream implements Listener {
  readonly patterns = new Set<string>()
  readonly #response: ServerResponse
  readonly #options: EventStreamOptions
  readonly #outlet: Outlet
  readonly #stops: (() => void)[]
  #asking = false
  #stuckBeats = 0
  #takenBytes = 0
  #over = false

  constructor(response: ServerResponse, options: EventStreamOptions) {
    this.#response = response
    this.#options = options
    this.#outlet = new Outlet({
      write: (message: Message) => void response.write(message.sse),
      buffered: () => response.writableLength,
      cork: () => response.cork(),
      uncork: () => response.uncork(),
    })
    response.on('drain', () => this.#outlet.drained())
    const { hub } = options
    this.#stops = [hub.heartbeats.add(() => this.#beat()), hub.rights.add(() => void this.#askRights())]
  }

  listen(pattern: string): void {
    this.patterns.add(pattern)
    this.#options.hub.listen(this, pattern)
  }

  unlisten(pattern: string): boolean {
    this.#options.hub.unlisten(this, pattern)
    return this.patterns.delete(pattern)
  }

  joined({ place, resync }: Joined): void {
    this.#outlet.place = place
    this.#response.write(`event: handshake\ndata: ${this.#options.handshake}\n\n${resync ? resyncText(place) : `id: ${place}\n\n`}`)
  }

  send(message: Message): void {
    if (!this.#over && !this.#outlet.send(message)) this.end('slow')
  }

  flush(): void {
    this.#outlet.flush()
  }

  missed(place: string): void {
    this.#outlet.clear()
    this.#outlet.place = place
    this.#response.write(resyncText(place))
  }

  end(why: End): void {
    if (this.#over) return
    this.#over = true
    for (const stop of this.#stops) stop()
    const { hub, later, onEnd } = this.#options
    const place = this.#place()
    hub.leave(this)
    this.#outlet.clear()
    this.#outlet.flush()
    onEnd(why)
    if (why === 'left') return
    const cancel = later(() => this.#response.destroy(), lastWordsMs)
    this.#response.on('close', cancel)
    // Who is told where to go on has all that came before.
    this.#response.end(`${why === 'denied' || place === null ? 'event: end\n' : `id: ${place}\nevent: resume\n`}data: ${JSON.stringify({ reason: wordsOf[why] })}\n\n`)
  }

  async #askRights(): Promise<void> {
    // One that takes longer than until the next is waited for.
    if (this.#asking) return
    this.#asking = true
    if (!await this.#options.stillReads()) this.end('denied')
    this.#asking = false
  }

  #place(): string | null {
    return this.#outlet.isIdle ? (this.#options.hub.placeOf(this) ?? this.#outlet.place) : this.#outlet.place
  }

  /** A stream that hears nothing of what it listens to learns all the same how far it has come, before that is no longer kept. */
  #beat(): void {
    const taken = (this.#response.socket?.bytesWritten ?? 0) - this.#response.writableLength
    this.#stuckBeats = this.#response.writableLength > 0 && taken <= this.#takenBytes ? this.#stuckBeats + 1 : 0
    this.#takenBytes = taken
    if (this.#stuckBeats > mostStuckBeats) return this.end('silent')
    const place = this.#outlet.isIdle ? this.#options.hub.placeOf(this) : null
    if (this.#outlet.isIdle) this.#response.write(place === null ? ': still here\n\n' : `: still here\nid: ${place}\n\n`)
  }
}

const resyncText = (place: string) => `id: ${place}\nevent: resync\ndata: {}\n\n`
