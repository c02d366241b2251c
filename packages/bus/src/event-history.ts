import type { Envelope } from '@yardmaster/domain'
import { AckPolicy, DeliverPolicy, JSONCodec, nanos, type NatsConnection } from 'nats'
import { incarnationOf, isNotFound } from './event-stream.js'
import type { EventBatch, EventPosition } from './event-subscription.js'
import type { Subjects } from './subjects.js'

/** What is kept of the event stream, for readers that come back. */
export type EventHistory = {
  /** The first and last batch that is kept (`last` = `first` - 1: none). */
  bounds(): Promise<{ incarnation: string; first: number; last: number }>
  /** The batches that follow, at most so many, without a gap; none at the end of the stream. Throws EventsGone. */
  readAfter(position: EventPosition, most: number): Promise<EventBatch[]>
}

/** The events that were asked for are not kept (any more): whoever asks has to begin anew. */
export class EventsGone extends Error {
  override name = 'EventsGone'
}

const codec = JSONCodec<Envelope[]>()
const answerWithinMs = 5_000

/** Each read has a consumer of its own, which is thrown away: nothing is left over when the reader dies. */
export function readEventHistory({ connection, subjects }: { connection: NatsConnection; subjects: Subjects }): EventHistory {
  const bounds = async () => {
    try {
      const info = await (await connection.jetstreamManager()).streams.info(subjects.stream)
      return { incarnation: incarnationOf(info), first: info.state.first_seq, last: info.state.last_seq }
    } catch (error) {
      if (isNotFound(error)) throw new EventsGone('the event stream is gone')
      throw error
    }
  }
  return {
    bounds,
    async readAfter(position, most) {
      const { incarnation, first, last } = await bounds()
      if (incarnation !== position.incarnation) throw new EventsGone(`the event stream was made anew: ${position.incarnation} is now ${incarnation}`)
      const from = position.sequence + 1
      if (from < first || position.sequence > last) throw new EventsGone(`event ${from} is not kept: there are ${first} to ${last}`)
      const count = Math.min(most, last - position.sequence)
      if (count === 0) return []
      const batches = await fetchBatches({ connection, subjects }, { incarnation, from, count })
      const hole = batches.findIndex(({ sequence }, index) => sequence !== from + index)
      if (hole >= 0) throw new EventsGone(`event ${from + hole} was removed meanwhile`)
      return batches
    },
  }
}

async function fetchBatches({ connection, subjects }: { connection: NatsConnection; subjects: Subjects }, { incarnation, from, count }: { incarnation: string; from: number; count: number }): Promise<EventBatch[]> {
  const manager = await connection.jetstreamManager()
  const { name } = await manager.consumers.add(subjects.stream, {
    ack_policy: AckPolicy.None, deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from, inactive_threshold: nanos(10_000), mem_storage: true, num_replicas: 1,
  })
  const consumer = await connection.jetstream().consumers.get(subjects.stream, name)
  try {
    const batches: EventBatch[] = []
    for await (const message of await consumer.fetch({ max_messages: count, expires: answerWithinMs })) {
      batches.push({ incarnation, sequence: message.seq, envelopes: codec.decode(message.data) })
      if (batches.length === count) break
    }
    return batches
  } finally {
    consumer.delete().catch(() => {})
  }
}
