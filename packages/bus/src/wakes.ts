import type { Json, WakeTopic } from '@yardmaster/domain'
import type { Clock, Logger } from '@yardmaster/runtime'
import { JSONCodec, type NatsConnection, type Subscription } from 'nats'
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

export function createWakes({ connection, watch, subjects, clock, logger }: Options): Wakes {
  const codec = JSONCodec<Json[]>()
  const gathering = new Map<WakeTopic, Json[]>()
  const resting = new Set<WakeTopic>()

  const send = (topic: WakeTopic) => {
    const payloads = gathering.get(topic)
    if (!payloads) return
    gathering.delete(topic)
    resting.add(topic)
    clock.setTimeout(() => {
      resting.delete(topic)
      send(topic)
    }, joinMs)
    // The client would keep it and send it on reconnect; the reconnect itself wakes everybody.
    if (!watch.connected()) return
    try {
      connection.publish(subjects.wake(topic), codec.encode(payloads))
    } catch (error) {
      logger.debug({ err: error, topic }, 'a wake was dropped')
    }
  }

  const call = (topic: WakeTopic, fn: OnWake, payloads: Json[]) => {
    try {
      fn(payloads)
    } catch (error) {
      logger.error({ err: error, topic }, 'reacting to a wake failed')
    }
  }

  const payloadsOf = (topic: WakeTopic, data: Uint8Array): Json[] => {
    try {
      const payloads = codec.decode(data)
      if (Array.isArray(payloads)) return payloads
    } catch (error) {
      logger.warn({ err: error, topic }, 'a wake that is not JSON; was it sent by another program?')
    }
    return []
  }

  return {
    wake(topic, payload) {
      const payloads = gathering.get(topic) ?? []
      if (payload !== undefined) payloads.push(payload)
      if (gathering.has(topic)) return
      gathering.set(topic, payloads)
      if (!resting.has(topic)) queueMicrotask(() => send(topic))
    },
    onWake(topic, fn) {
      const subscription: Subscription = connection.subscribe(subjects.wake(topic), {
        callback: (error, message) => error ? logger.error({ err: error, topic }, 'listening for wakes failed') : call(topic, fn, payloadsOf(topic, message.data)),
      })
      const forget = watch.onReconnect(() => call(topic, fn, []))
      return () => {
        forget()
        if (!connection.isClosed()) subscription.unsubscribe()
      }
    },
  }
}
