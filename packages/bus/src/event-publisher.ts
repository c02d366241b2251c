import type { Envelope } from '@yardmaster/domain'
import type { OutboxBatch } from '@yardmaster/db/verbs/relay-outbox'
import type { Logger } from '@yardmaster/runtime'
import type { NatsConnection } from 'nats'
import type { ConnectionWatch } from './connection.js'
import { ensureEventStream, type EventStreamOptions } from './event-stream.js'
import type { Subjects } from './subjects.js'

export type PublishEvents = (batches: OutboxBatch[]) => Promise<number[]>

/** Far below NATS' default limit of 1 MB, so that a commit of any size gets through. */
const longestMessage = 256 * 1024
const acknowledgeWithinMs = 5_000

type Options = { connection: NatsConnection; watch: ConnectionWatch; subjects: Subjects; stream: EventStreamOptions; logger: Logger }

function partsOf(envelopes: Envelope[]): string[] {
  const whole = JSON.stringify(envelopes)
  if (whole.length <= longestMessage || envelopes.length <= 1) return [whole]
  const middle = Math.ceil(envelopes.length / 2)
  return [...partsOf(envelopes.slice(0, middle)), ...partsOf(envelopes.slice(middle))]
}

/** `lost` rejects when the connection breaks: no acknowledgement will come, and its deadline need not be waited for. */
async function untilDisconnected<T>(watch: ConnectionWatch, work: (lost: Promise<never>) => Promise<T>): Promise<T> {
  if (!watch.connected()) throw new Error('NATS is away')
  let forget = () => {}
  const lost = new Promise<never>((_resolve, reject) => {
    forget = watch.onDisconnect(() => reject(new Error('NATS went away before it acknowledged')))
  })
  lost.catch(() => {})
  return await work(lost).finally(forget)
}

/**
 * Publishes outbox rows to the event stream, all in flight together, in order. Answers the ids that JetStream has stored; the
 * others may be published again: the outbox id is the message id, so that a row is stored once even if its acknowledgement was lost.
 * Rejects while NATS is away.
 */
export function createEventPublisher({ connection, watch, subjects, stream, logger }: Options): PublishEvents {
  const jetstream = connection.jetstream({ timeout: acknowledgeWithinMs })
  let streamThere = false

  const publishOne = async ({ id, envelopes }: OutboxBatch): Promise<number> => {
    const parts = partsOf(envelopes)
    await Promise.all(parts.map((part, index) => jetstream.publish(subjects.events, part, { msgID: `${id}.${index}`, expect: { streamName: subjects.stream } })))
    return id
  }

  const ensureStream = async () => {
    if (!streamThere) await ensureEventStream(await connection.jetstreamManager(), subjects, stream)
    streamThere = true
  }

  return async batches => {
    const outcomes = await untilDisconnected(watch, async lost => {
      await Promise.race([ensureStream(), lost])
      return await Promise.allSettled(batches.map(batch => Promise.race([publishOne(batch), lost])))
    })
    const failed = outcomes.find(outcome => outcome.status === 'rejected')
    if (failed) {
      // It may have been deleted: the next call makes it again.
      streamThere = false
      logger.warn({ err: failed.reason, failed: outcomes.filter(({ status }) => status === 'rejected').length, of: batches.length }, 'publishing events failed')
    }
    return outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  }
}
