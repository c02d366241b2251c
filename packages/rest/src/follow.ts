import { z } from 'zod'
import type { LiveEvent } from './events.js'
import type { FollowedPaths } from './followed-paths.js'
import { RestError } from './rest-error.js'
import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.js'

export type FollowOptions = {
  onEvent(event: LiveEvent): void
  /** true: the stream is open; the first time, read what is shown, for no event is missed from here on. false: it broke, and is opened again. */
  onConnected?(connected: boolean): void
  /** Events were lost (away for too long, the event stream is another one): read again what is shown. */
  onResync?(): void
  /** From here on no event of a path that was added is missed: read what is shown of it. */
  onAdded?(path: string): void
  signal: AbortSignal
  wait(ms: number, signal: AbortSignal): Promise<void>
  /** 0 <= x < 1: so that not all who lost one server come to the other at the same moment. */
  random(): number
}

/** How the server is asked. Each rejects with RestError, or what fetch rejects with. */
export type FollowServer = {
  /** Opens the stream of these paths behind `after`. */
  open(paths: readonly string[], after: string | undefined, signal: AbortSignal): Promise<Response>
  /** Has the stream of this name listen to a further path, or not to one any more. */
  change(stream: string, verb: 'add' | 'remove', path: string, signal: AbortSignal): Promise<unknown>
}

const [firstPauseMs, longestPauseMs] = [1_000, 15_000]
/** The server says something every 15 s. */
const silenceMs = 40_000
const eventData = z.object({ key: z.array(z.string()), message: z.record(z.string(), z.unknown()) })

/** A refusal stays one; everything else is a matter of time. */
const isRefusal = (error: unknown): boolean => error instanceof RestError && error.status < 500 && error.status !== 408 && error.status !== 429

export async function follow(server: FollowServer, paths: FollowedPaths, options: FollowOptions): Promise<void> {
  const { signal, wait, random, onConnected } = options
  const stream = new FollowedStream(server, paths, options)
  let failures = 0
  while (!signal.aborted) {
    const { connected } = await stream.read()
    if (signal.aborted) return
    if (connected) onConnected?.(false)
    failures = connected ? 0 : failures + 1
    await wait(Math.min(firstPauseMs * 2 ** failures, longestPauseMs) * random(), signal).catch(() => {})
  }
}

class FollowedStream {
  readonly #server: FollowServer
  readonly #paths: FollowedPaths
  readonly #options: FollowOptions
  /** The id of the last event. */
  #after: string | undefined

  constructor(server: FollowServer, paths: FollowedPaths, options: FollowOptions) {
    this.#server = server
    this.#paths = paths
    this.#options = options
  }

  /** Until it breaks. Rejects when it is refused, or who is told throws: told the same again, he would do so again. */
  async read(): Promise<{ connected: boolean }> {
    const { signal } = this.#options
    const ended = new AbortController()
    const silence = new Watch(this.#options, ended)
    const asked = this.#paths.all
    let [connected, telling] = [false, false]
    try {
      const response = await this.#server.open(asked, this.#after, AbortSignal.any([signal, ended.signal]))
      for await (const event of readServerSentEvents(response.body ?? new ReadableStream())) {
        silence.broken()
        telling = true
        this.#take(event)
        if (event.event === 'handshake' && !connected) {
          connected = true
          this.#keepPaths(event.data ?? '', asked, ended)
          this.#options.onConnected?.(true)
        }
        telling = false
      }
    } catch (error) {
      if ((telling || isRefusal(error)) && !signal.aborted) throw error
    } finally {
      ended.abort()
    }
    return { connected }
  }

  /** The stream listens to what is followed, until it ends. One that cannot be told is opened anew. */
  #keepPaths(stream: string, asked: readonly string[], ended: AbortController): void {
    const change = (verb: 'add' | 'remove', path: string) => {
      this.#server.change(stream, verb, path, AbortSignal.any([this.#options.signal, ended.signal])).then(
        () => { if (verb === 'add' && !ended.signal.aborted) this.#options.onAdded?.(path) },
        () => ended.abort())
    }
    const stop = this.#paths.onChange(change)
    ended.signal.addEventListener('abort', stop, { once: true })
    for (const path of this.#paths.all) if (!asked.includes(path)) change('add', path)
  }

  #take({ event, data, id }: ServerSentEvent): void {
    if (event === 'event' && data !== null) {
      const { key, message } = eventData.parse(JSON.parse(data))
      this.#options.onEvent({ k: key.join('/'), m: message })
    }
    if (event === 'resync') this.#options.onResync?.()
    // Behind what was told of it: who is told does not lose it.
    if (id !== null) this.#after = id
  }
}

/** Ends a stream of which nothing is heard: its server may be gone without a word. */
class Watch {
  #heard = true

  constructor({ wait }: Pick<FollowOptions, 'wait'>, ended: AbortController) {
    const look = async () => {
      while (this.#heard) {
        this.#heard = false
        await wait(silenceMs, ended.signal)
      }
      ended.abort()
    }
    look().catch(() => {})
  }

  broken(): void {
    this.#heard = true
  }
}
