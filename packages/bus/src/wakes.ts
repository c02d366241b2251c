import type { Json, WakeTopic } from '@yardmaster/domain'
import type { Clock, Logger } from '@yardmaster/runtime'
import { JSONCodec, type NatsConnection } from 'nats'
import type { ConnectionWatch } from './connection.js'
import type { Subjects } from './subjects.js'

/** What was said with the wakes that were joined into one; empty after a reconnect, when anything may have been missed. */
export type OnWake = (payloads: Json[]) => void

export type Wakes = {
  /** Hints that rows of this kind may be waiting. Never throws, never waits; dropped while NATS is away. */
  wake(topic: WakeTopic, payload?: Json): void
  /** Calls `fn` on each wake, our own included, and once after every reconnect. The answer ends it. */
  onWake(topic: WakeTopic, fn: OnWake): () => void
}

/** The first wake leaves at once; those that follow within this time leave together. */
const joinMs = 2

type Options = { connection: NatsConnection; watch: ConnectionWatch; subjects: Subjects; clock: Clock; logger: Logger }

const codec = JSONCodec<Json[]>()

export function createWakes(options: Options): Wakes {
  const sender = new WakeSender(options)
  return {
    wake: (topic, payload) => sender.wake(topic, payload),
    onWake: (topic, fn) => listen(options, topic, fn),
  }
}

class WakeSender {
  readonly #options: Options
  readonly #gathering = new Map<WakeTopic, Json[]>()
  readonly #resting = new Set<WakeTopic>()

  constructor(options: Options) {
    this.#options = options
  }

  wake(topic: WakeTopic, payload: Json | undefined): void {
    const gathered = this.#gathering.get(topic)
    const payloads = gathered ?? []
    if (payload !== undefined) payloads.push(payload)
    if (gathered) return
    this.#gathering.set(topic, payloads)
    if (!this.#resting.has(topic)) queueMicrotask(() => this.#send(topic))
  }

  #send(topic: WakeTopic): void {
    const { connection, watch, subjects, clock, logger } = this.#options
    const payloads = this.#gathering.get(topic)
    if (!payloads) return
    this.#gathering.delete(topic)
    this.#resting.add(topic)
    clock.setTimeout(() => {
      this.#resting.delete(topic)
      this.#send(topic)
    }, joinMs)
    // The client would keep it and send it on reconnect; the reconnect itself wakes everybody.
    if (!watch.connected()) return
    try {
      connection.publish(subjects.wake(topic), codec.encode(payloads))
    } catch (error) {
      logger.debug({ err: error, topic }, 'a wake was dropped')
    }
  }
}

function listen({ connection, watch, subjects, logger }: Options, topic: WakeTopic, fn: OnWake): () => void {
  const call = (payloads: Json[]) => {
    try {
      fn(payloads)
    } catch (error) {
      logger.error({ err: error, topic }, 'reacting to a wake failed')
    }
  }
  const subscription = connection.subscribe(subjects.wake(topic), {
    callback: (error, message) => error ? logger.error({ err: error, topic }, 'listening for wakes failed') : call(payloadsOf(message.data)),
  })
  const forget = watch.onReconnect(() => call([]))
  return () => {
    forget()
    if (!connection.isClosed()) subscription.unsubscribe()
  }
}

/** Another program may send what it likes: it still wakes. */
function payloadsOf(data: Uint8Array): Json[] {
  try {
    const payloads: unknown = codec.decode(data)
    return Array.isArray(payloads) ? payloads : []
  } catch {
    return []
  }
}
