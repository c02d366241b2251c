import { matchesPath } from '@yardmaster/rest'
import type { LiveEvent } from '@yardmaster/rest'
import type { Clock } from '../lib/clock.js'

export type LiveStatus = 'connecting' | 'live' | 'reconnecting'
export type LiveListener = {
  event: (event: LiveEvent) => void
  /** The server has confirmed every path: from now on no event is missed, over reconnects too. Again whenever some were: what is shown must be read anew. */
  confirmed?: () => void
}

type Subscriber = { patterns: readonly string[]; listener: LiveListener; confirmed: boolean }
type Path = { users: number; confirmed: boolean }
export type LiveSocketOptions = { url: string; clock: Clock; random: () => number; /** Nobody looks at the page: it can wait. */ isHidden?: () => boolean; /** Who looks at it may not read any more. */ onDenied?: () => void; open?: (url: string) => WebSocket }

const pingEvery = 15_000
const answerWithin = 10_000
const checkWithin = 4_000
/** Before the first new try, at most: many pages lose one server at the same moment. */
const firstWait = 1_000
const hiddenWait = 10_000
const longestWait = 15_000
/** RFC 6455: policy violation. */
const deniedCode = 1008

type Said = { k?: string; m?: LiveEvent['m']; _id?: number; msg?: string; position?: string; resync?: boolean; error?: string }

/**
 * Buildbot's event stream over one WebSocket: startConsuming per path, however many parts of the page listen to it.
 * Reconnects with backoff, and goes on behind the last position that it was told (an addition of ours to Buildbot's protocol): only when
 * the server cannot go on there is everything fetched anew.
 */
export class LiveSocket {
  status: LiveStatus = 'connecting'
  private socket: WebSocket | undefined
  private readonly paths = new Map<string, Path>()
  private readonly subscribers = new Set<Subscriber>()
  private readonly statusListeners = new Set<() => void>()
  private readonly asked = new Map<number, readonly string[]>()
  /** Everything up to here was heard. */
  private position: string | undefined
  private nextId = 1
  private failures = 0
  private checking = false
  private cancelTimer = (): void => undefined

  constructor(private readonly options: LiveSocketOptions) {}

  /** Connects; also called to try again, or to see whether it still works, at once (the machine is back online, somebody looks at the page). */
  connect(): void {
    if (this.socket) return void (this.status === 'live' && this.check())
    this.cancelTimer()
    const { url, open = (address: string) => new WebSocket(address) } = this.options
    const socket = open(url)
    this.socket = socket
    socket.onopen = () => this.opened()
    socket.onmessage = ({ data }) => this.received(String(data))
    socket.onclose = ({ code }) => {
      this.lost(socket)
      if (code === deniedCode) this.options.onDenied?.()
    }
    this.watch(answerWithin)
  }

  onStatus(listener: () => void): () => void {
    this.statusListeners.add(listener)
    return () => this.statusListeners.delete(listener)
  }

  /** Answers a function that ends the subscription. */
  subscribe(patterns: readonly string[], listener: LiveListener): () => void {
    const subscriber: Subscriber = { patterns, listener, confirmed: false }
    this.subscribers.add(subscriber)
    for (const path of patterns) this.use(path)
    this.settle()
    return () => {
      if (!this.subscribers.delete(subscriber)) return
      for (const path of patterns) this.release(path)
    }
  }

  private use(path: string): void {
    const known = this.paths.get(path)
    if (known) return void known.users++
    this.paths.set(path, { users: 1, confirmed: false })
    if (this.status === 'live') this.consume([path])
  }

  private release(path: string): void {
    const known = this.paths.get(path)
    if (!known || --known.users > 0) return
    this.paths.delete(path)
    if (this.status === 'live') this.ask({ cmd: 'stopConsuming', path })
  }

  private ask(frame: { cmd: string; path?: string; paths?: readonly string[]; position?: true; after?: string }): number {
    const id = this.nextId++
    this.socket?.send(JSON.stringify({ ...frame, _id: id }))
    return id
  }

  private consume(paths: readonly string[], after?: string): void {
    this.asked.set(this.ask({ cmd: 'startConsuming', paths, position: true, ...(after === undefined ? {} : { after }) }), paths)
  }

  private opened(): void {
    this.failures = 0
    this.setStatus('live')
    if (this.paths.size === 0 || this.position === undefined) this.lose()
    if (this.paths.size > 0) this.consume([...this.paths.keys()], this.position)
    this.watch(pingEvery)
  }

  private received(text: string): void {
    this.watch(pingEvery)
    const { k, m, _id, msg, position, resync, error } = JSON.parse(text) as Said
    if (k !== undefined) {
      const event: LiveEvent = { k, m: m ?? {} }
      for (const { patterns, listener } of this.subscribers) if (patterns.some(pattern => matchesPath(pattern, k))) listener.event(event)
    }
    if (resync === true || msg === 'resync') this.lose()
    const paths = _id === undefined ? undefined : this.asked.get(_id)
    if (_id !== undefined && paths !== undefined) {
      this.asked.delete(_id)
      // Without events it is better to be told so, and to ask from time to time.
      if (error !== undefined) return this.abandon()
      for (const path of paths) this.confirm(path)
    }
    if (position !== undefined) this.position = position
    this.settle()
  }

  private confirm(path: string): void {
    const known = this.paths.get(path)
    if (known) known.confirmed = true
  }

  /** Events were missed. */
  private lose(): void {
    this.position = undefined
    for (const subscriber of this.subscribers) subscriber.confirmed = false
  }

  private settle(): void {
    for (const subscriber of this.subscribers) {
      if (subscriber.confirmed || !subscriber.patterns.every(path => this.paths.get(path)?.confirmed)) continue
      subscriber.confirmed = true
      subscriber.listener.confirmed?.()
    }
  }

  /** Quiet for `ms`: ask whether the server is there; still quiet: the connection is dead, whatever TCP says. */
  private watch(ms: number): void {
    this.cancelTimer()
    this.checking = false
    this.cancelTimer = this.options.clock.setTimeout(() => {
      if (this.status !== 'live') return this.socket?.close()
      this.check(answerWithin)
    }, ms)
  }

  private check(within = checkWithin): void {
    // Whoever looks again and again must not put off what is being found out.
    if (this.checking) return
    this.cancelTimer()
    this.checking = true
    this.ask({ cmd: 'ping' })
    this.cancelTimer = this.options.clock.setTimeout(() => this.abandon(), within)
  }

  private abandon(): void {
    const socket = this.socket
    socket?.close()
    if (socket) this.lost(socket)
  }

  private lost(socket: WebSocket): void {
    if (this.socket !== socket) return
    this.socket = undefined
    this.checking = false
    this.asked.clear()
    for (const path of this.paths.values()) path.confirmed = false
    this.setStatus('reconnecting')
    const { random, isHidden = () => false } = this.options
    const wait = Math.min(longestWait, (isHidden() ? hiddenWait : firstWait) * 2 ** Math.min(this.failures++, 5)) * random()
    this.cancelTimer()
    this.cancelTimer = this.options.clock.setTimeout(() => this.connect(), wait)
  }

  private setStatus(status: LiveStatus): void {
    if (this.status === status) return
    this.status = status
    for (const listener of this.statusListeners) listener()
  }
}
