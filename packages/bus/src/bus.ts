import { connectNats, watchConnection, type ConnectionRequest } from './connection.js'
import { readEventHistory, type EventHistory } from './event-history.js'
import { createEventPublisher, type PublishEvents } from './event-publisher.js'
import type { EventStreamOptions } from './event-stream.js'
import { subscribeToEvents, type EventReader, type EventSubscription } from './event-subscription.js'
import { createQuestions, type Questions } from './questions.js'
import { subjectsOf } from './subjects.js'
import { createWakes, type Wakes } from './wakes.js'

/** One process's connection to NATS: lossy wakes, and the stream of events. */
export type Bus = Wakes & Questions & {
  publishEvents: PublishEvents
  subscribeEvents(reader: EventReader): EventSubscription
  history: EventHistory
  /** For readiness. */
  connected(): boolean
  /** Ends the subscriptions, sends what was said, and disconnects. */
  close(): Promise<void>
}

export type BusOptions = ConnectionRequest & { installation: string; events?: EventStreamOptions }

/** Connects to NATS at `url` (waiting for it if need be) for the installation; reconnects for ever. Rejects only when `signal` is aborted first. */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { clock, installation, logger, events: stream = {} } = options
  const subjects = subjectsOf(installation)
  const connection = await connectNats(options)
  const watch = watchConnection(connection, logger)
  const subscriptions = new Set<EventSubscription>()
  return {
    ...createWakes({ connection, watch, subjects, clock, logger }),
    ...createQuestions({ connection, watch, subjects, logger }),
    history: readEventHistory({ connection, subjects }),
    publishEvents: createEventPublisher({ connection, watch, subjects, stream, logger }),
    subscribeEvents(reader) {
      const subscription = subscribeToEvents({ connection, watch, subjects, stream, clock, logger }, reader)
      subscriptions.add(subscription)
      return { ...subscription, close: () => subscription.close().finally(() => subscriptions.delete(subscription)) }
    },
    connected: () => watch.connected() && !connection.isClosed(),
    async close() {
      // Without a server nothing can be drained, and whoever waits for its answer must stop doing so.
      if (!watch.connected()) await connection.close()
      await Promise.all([...subscriptions].map(subscription => subscription.close()))
      if (!connection.isClosed()) await connection.drain()
    },
  }
}
