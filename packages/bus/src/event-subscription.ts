import type { Envelope } from '@yardmaster/domain'
import type { Clock, Logger } from '@yardmaster/runtime'
import { AckPolicy, DeliverPolicy, JSONCodec, nanos, type ConsumerMessages, type JsMsg, type NatsConnection, type StreamInfo } from 'nats'
import type { ConnectionWatch } from './connection.js'
import { ensureEventStream, incarnationOf, type EventStreamOptions } from './event-stream.js'
import type { Subjects } from './subjects.js'

/** A place in the event stream: everything up to and including `sequence` was read. */
export type EventPosition = { incarnation: string; sequence: number }
export type EventBatch = EventPosition & { envelopes: Envelope[] }

export type EventReader = {
  /** `'new'`: what is stored from now on. A position: what follows it. */
  from: 'new' | EventPosition
  /** Called one at a time, in order; its promise is waited for. When it throws, that is logged and reading goes on. */
  onBatch(batch: EventBatch): void | Promise<void>
  /** Events between the last batch and this place were lost (stream made anew, or purged behind us): re-read the rows; the next batch is the one after `at`. */
  onResync(at: EventPosition): void | Promise<void>
}

export type EventSubscription = {
  /** Resolves once reading has begun (an event stored afterwards will be seen), or was given up by `close`. */
  ready: Promise<void>
  /** Null before it is ready. */
  position(): EventPosition | null
  close(): Promise<void>
}

export type SubscriptionOptions = { connection: NatsConnection; watch: ConnectionWatch; subjects: Subjects; stream: EventStreamOptions; clock: Clock; logger: Logger }

const retryMs = 500
const codec = JSONCodec<Envelope[]>()

/**
 * Reads the event stream in order and without gaps, through reconnects and restarts of NATS. The server's consumer is a
 * throw-away: whenever there is doubt (reconnect, missing heartbeat, a hole in the deliveries) a new one is made at our position.
 */
export function subscribeToEvents(options: SubscriptionOptions, reader: EventReader): EventSubscription {
  const subscription = new OrderedSubscription(options, reader)
  return { ready: subscription.ready, position: () => subscription.position, close: () => subscription.close() }
}

class OrderedSubscription {
  readonly ready: Promise<void>
  position: EventPosition | null
  readonly #options: SubscriptionOptions
  readonly #reader: EventReader
  readonly #abort = new AbortController()
  readonly #ended: Promise<void>
  #messages: ConsumerMessages | null = null
  #begun = () => {}

  constructor(options: SubscriptionOptions, reader: EventReader) {
    this.#options = options
    this.#reader = reader
    this.position = reader.from === 'new' ? null : reader.from
    this.ready = new Promise(resolve => { this.#begun = resolve })
    this.#ended = this.#follow()
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.#messages?.close()
    await this.#ended
  }

  async #follow(): Promise<void> {
    const { watch, clock, logger } = this.#options
    const forget = watch.onReconnect(() => void this.#messages?.close())
    while (!this.#abort.signal.aborted) {
      try {
        await this.#readUntilDoubt()
      } catch (error) {
        if (this.#abort.signal.aborted) break
        logger.warn({ err: error, retryInMs: retryMs }, 'reading events was interrupted')
        await clock.sleep(retryMs, this.#abort.signal).catch(() => {})
      }
    }
    forget()
    this.#begun()
  }

  async #readUntilDoubt(): Promise<void> {
    const { connection, watch, subjects, stream } = this.#options
    const manager = await connection.jetstreamManager()
    const info = await ensureEventStream(manager, subjects, stream)
    const position = await this.#continue(info)
    const consumer = await manager.consumers.add(subjects.stream, {
      ack_policy: AckPolicy.None, deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: position.sequence + 1,
      inactive_threshold: nanos(30_000), mem_storage: true, num_replicas: 1,
    })
    const bound = await connection.jetstream().consumers.get(subjects.stream, consumer.name)
    this.#messages = await bound.consume({ max_messages: 512, expires: 30_000, idle_heartbeat: 5_000, abort_on_missing_resource: true })
    if (this.#abort.signal.aborted) this.#messages.stop()
    this.#begun()
    try {
      await this.#readInOrder(this.#messages, position.incarnation)
    } finally {
      this.#messages.stop()
      this.#messages = null
      // The server forgets it anyway; nobody waits for that.
      if (watch.connected()) bound.delete().catch(() => {})
    }
  }

  /** Where to read on; tells the reader when that is not where it was. */
  async #continue(info: StreamInfo): Promise<EventPosition> {
    const end = { incarnation: incarnationOf(info), sequence: info.state.last_seq }
    const at = this.position
    if (at && at.incarnation === end.incarnation && at.sequence >= info.state.first_seq - 1 && at.sequence <= end.sequence) return at
    this.position = end
    if (at) await this.#tell(() => this.#reader.onResync(end))
    return end
  }

  async #readInOrder(messages: ConsumerMessages, incarnation: string): Promise<void> {
    let delivered = 0
    for await (const message of messages) {
      if (this.#abort.signal.aborted) return
      delivered += 1
      if (message.info.deliverySequence !== delivered) return
      await this.#read(message, incarnation)
    }
  }

  async #read(message: JsMsg, incarnation: string): Promise<void> {
    const expected = (this.position?.sequence ?? 0) + 1
    const position = { incarnation, sequence: message.seq }
    this.position = position
    if (message.seq !== expected) await this.#tell(() => this.#reader.onResync({ incarnation, sequence: message.seq - 1 }))
    await this.#tell(() => this.#reader.onBatch({ ...position, envelopes: codec.decode(message.data) }))
  }

  async #tell(react: () => void | Promise<void>): Promise<void> {
    try {
      await react()
    } catch (error) {
      this.#options.logger.error({ err: error, ...this.position }, 'reacting to events failed')
    }
  }
}
