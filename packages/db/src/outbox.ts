import type { Envelope, Told } from '@yardmaster/domain'

/** The events of one commit, as the stream gets them. */
export type OutboxBatch = { id: number; envelopes: Envelope[] }

export function outboxBatch({ id, created_at }: { id: number; created_at: Date }, told: Told[]): OutboxBatch {
  return { id, envelopes: told.map(one => ({ v: 1, at: created_at.getTime(), ...one })) }
}
