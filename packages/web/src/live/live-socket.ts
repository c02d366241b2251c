import { matchesPath } from '@yardmaster/rest'
import type { LiveEvent } from '@yardmaster/rest'
import type { Clock } from '../lib/clock.js'

export type LiveStatus = 'connecting' | 'live' | 'reconnecting'
export type LiveListener = {
  event: (event: LiveEvent) => void
  /** The server has confirmed every path: from now on no event is missed until the connection is lost. Again after each reconnect. */
  confirmed?: () => void
}

type Subscriber = { patterns: readonly string[]; listener: LiveListener; confirmed: boolean }
type Path = { users: number; confirmed: boolean }
export type LiveSocketOptions = { url: string; clock: Clock; random: () => number; open?: (url: string) => WebSocket }

const pingEvery = 15_000
const answerWithin = 10_000

/**
 * Buildbot's event stream over one WebSocket: startConsuming per path, however many parts of the page listen to it.
 * Reconnects with backoff; events are not replayed, so whoever holds data fetches it anew when `confirmed` is called again.
 */
export class LiveSocket {
  status: LiveStatus = 'connecting'
  private socket: WebSocket | undefined
  private readonly paths = new Map<string, Path>()
  private readonly subscribers = new Set<Subscriber>()
  private readonly statusListeners = new Set<() => void>()
  private readonly asked = new Map<number, string>()
  private nextId = 1
  private failures = 0
  private cancelTimer = (): void => undefined

  constructor(private readonly options: LiveSocketOptions) {}

  /** Connects; also called to try again at once (the machine is back online, somebody looks at the page). */
  connect(): void {
    if (this.socket) return
    this.cancelTimer()
    const { url, open = (address: string) => new WebSocket(address) } = this.options
    const socket = open(url)
    this.socket = socket
    socket.onopen = () => this.opened()
    socket.onmessage = ({ data }) => this.received(String(data))
    socket.onclose = () => this.lost(socket)
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
    if (this.status === 'live') this.ask('startConsuming', path)
  }

  private release(path: string): void {
    const known = this.paths.get(path)
    if (!known || --known.users > 0) return
    this.paths.delete(path)
    if (this.status === 'live') this.ask('stopConsuming', path)
  }

  private ask(cmd: string, path?: string): void {
    const id = this.nextId++
    if (cmd === 'startConsuming' && path !== undefined) this.asked.set(id, path)
    this.socket?.send(JSON.stringify({ cmd, path, _id: id }))
  }

  private opened(): void {
    this.failures = 0
    this.setStatus('live')
    for (const path of this.paths.keys()) this.ask('startConsuming', path)
    this.watch(pingEvery)
  }

  private received(text: string): void {
    this.watch(pingEvery)
    const { k, m, _id } = JSON.parse(text) as { k?: string; m?: LiveEvent['m']; _id?: number }
    if (k !== undefined) {
      const event: LiveEvent = { k, m: m ?? {} }
      for (const { patterns, listener } of this.subscribers) if (patterns.some(pattern => matchesPath(pattern, k))) listener.event(event)
      return
    }
    const path = _id === undefined ? undefined : this.asked.get(_id)
    if (_id === undefined || path === undefined) return
    this.asked.delete(_id)
    const known = this.paths.get(path)
    if (known) known.confirmed = true
    this.settle()
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
    this.cancelTimer = this.options.clock.setTimeout(() => {
      if (this.status !== 'live') return this.socket?.close()
      this.ask('ping')
      this.cancelTimer = this.options.clock.setTimeout(() => this.abandon(), answerWithin)
    }, ms)
  }

  private abandon(): void {
    const socket = this.socket
    socket?.close()
    if (socket) this.lost(socket)
  }

  private lost(socket: WebSocket): void {
    if (this.socket !== socket) return
    this.socket = undefined
    this.asked.clear()
    for (const path of this.paths.values()) path.confirmed = false
    for (const subscriber of this.subscribers) subscriber.confirmed = false
    this.setStatus('reconnecting')
    const wait = Math.min(15_000, 500 * 2 ** Math.min(this.failures++, 5)) * (0.5 + this.options.random() / 2)
    this.cancelTimer()
    this.cancelTimer = this.options.clock.setTimeout(() => this.connect(), wait)
  }

  private setStatus(status: LiveStatus): void {
    if (this.status === status) return
    this.status = status
    for (const listener of this.statusListeners) listener()
  }
}
