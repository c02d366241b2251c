import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Hub } from './hub.js'
import { wordsOf, type End, type Joined, type Listener } from './listener.js'
import type { Message } from './message.js'
import { Outlet } from './outlet.js'

export type SocketSessionOptions = { hub: Hub; stillReads(): Promise<boolean>; onEnd(why: End): void }

/** RFC 6455: going away, policy violation, try again later. */
const codes: { [W in End]: number } = { stopping: 1001, missed: 1013, slow: 1013, silent: 1001, denied: 1008, left: 1000 }
const longestReason = 120

/** What a web socket listens to. Positions are for clients that asked for them; Buildbot's know none. */
export class SocketSession implements Listener {
  readonly patterns = new Set<string>()
  readonly #client: WebSocket
  readonly #options: SocketSessionOptions
  readonly #outlet: Outlet
  readonly #stops: (() => void)[]
  #tellsPlace = false
  #answered = true
  #over = false
  #asking = false
  #join: Promise<Joined> | null = null
  #onJoined: (joined: Joined) => void = () => {}

  constructor(client: WebSocket, socket: Pick<Duplex, 'cork' | 'uncork' | 'on'>, options: SocketSessionOptions) {
    this.#client = client
    this.#options = options
    this.#outlet = new Outlet({
      write: (message: Message) => client.send(this.#tellsPlace ? message.frameWithPlace : message.frame, { binary: false }),
      buffered: () => client.bufferedAmount,
      cork: () => socket.cork(),
      uncork: () => socket.uncork(),
    })
    socket.on('drain', () => this.#outlet.drained())
    client.on('pong', () => { this.#answered = true })
    const { hub } = options
    this.#stops = [hub.heartbeats.add(() => this.#beat()), hub.rights.add(() => void this.#askRights())]
  }

  get over(): boolean {
    return this.#over
  }

  /** Whether it has begun to listen, so that it is too late to say from where. */
  get begun(): boolean {
    return this.#join !== null
  }

  /** Resolves when nothing of these paths will be missed from then on. */
  listen(patterns: readonly string[], after: string | null): Promise<Joined> {
    for (const pattern of patterns) this.patterns.add(pattern)
    if (this.#join) {
      for (const pattern of patterns) this.#options.hub.listen(this, pattern)
      return this.#join.then(() => ({ place: this.#place(), resync: false }))
    }
    this.#join = new Promise(resolve => { this.#onJoined = resolve })
    this.#options.hub.join(this, patterns, after)
    return this.#join
  }

  unlisten(pattern: string): boolean {
    this.#options.hub.unlisten(this, pattern)
    return this.patterns.delete(pattern)
  }

  tellPlace(): void {
    this.#tellsPlace = true
  }

  joined(joined: Joined): void {
    this.#outlet.place = joined.place
    this.#onJoined(joined)
  }

  send(message: Message): void {
    if (!this.#over && !this.#outlet.send(message)) this.end('slow')
  }

  flush(): void {
    this.#outlet.flush()
  }

  missed(place: string): void {
    if (!this.#tellsPlace) return this.end('missed')
    this.#outlet.clear()
    this.#outlet.place = place
    this.#client.send(JSON.stringify({ msg: 'resync', position: place }))
  }

  end(why: End): void {
    if (this.#over) return
    this.#over = true
    for (const stop of this.#stops) stop()
    const hint = this.#tellsPlace && this.#join !== null && why !== 'denied' ? `; resume after ${this.#place()}` : ''
    this.#options.hub.leave(this)
    this.#outlet.clear()
    this.#outlet.flush()
    this.#options.onEnd(why)
    if (why === 'silent') this.#client.terminate()
    else this.#client.close(codes[why], `${wordsOf[why]}${hint}`.slice(0, longestReason))
  }

  async #askRights(): Promise<void> {
    // One that takes longer than until the next is waited for.
    if (this.#asking) return
    this.#asking = true
    if (!await this.#options.stillReads()) this.end('denied')
    this.#asking = false
  }

  #place(): string {
    return (this.#outlet.isIdle ? this.#options.hub.placeOf(this) : null) ?? this.#outlet.place ?? ''
  }

  /** A connection that is cut without a word is noticed after two heartbeats. */
  #beat(): void {
    if (!this.#answered) return this.end('silent')
    this.#answered = false
    this.#client.ping()
    if (this.#tellsPlace && this.#join !== null && this.#outlet.isIdle) this.#client.send(JSON.stringify({ msg: 'position', position: this.#place() }))
  }
}
