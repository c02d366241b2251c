import { DiscardPolicy, nanos, RetentionPolicy, StorageType, type JetStreamManager, type StreamConfig, type StreamInfo } from 'nats'
import type { Subjects } from './subjects.js'

export type EventStreamOptions = {
  /** What is kept for readers that come back: how long, and how much. */
  maxAgeMs?: number
  maxBytes?: number
  /** Copies in a NATS cluster. */
  replicas?: number
}

const duplicateWindowMs = 120_000

function wanted({ events, stream }: Subjects, { maxAgeMs = 86_400_000, maxBytes = 256 * 1024 * 1024, replicas = 1 }: EventStreamOptions): Partial<StreamConfig> & { name: string } {
  return {
    name: stream, subjects: [events], storage: StorageType.File, retention: RetentionPolicy.Limits, discard: DiscardPolicy.Old,
    max_age: nanos(maxAgeMs), max_bytes: maxBytes, num_replicas: replicas, duplicate_window: nanos(Math.min(duplicateWindowMs, maxAgeMs)),
  }
}

/** JetStream answers with an `api_error`; 404 is its "not found". */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'api_error' in error && typeof error.api_error === 'object' && error.api_error !== null && 'code' in error.api_error && error.api_error.code === 404
}

/** The stream as it is now, made or adapted to the options first. Safe with any number of processes at once. */
export async function ensureEventStream(manager: JetStreamManager, subjects: Subjects, options: EventStreamOptions): Promise<StreamInfo> {
  const config = wanted(subjects, options)
  try {
    const info = await manager.streams.info(config.name)
    const { max_age, max_bytes, num_replicas } = info.config
    if (max_age === config.max_age && max_bytes === config.max_bytes && num_replicas === config.num_replicas) return info
    return await manager.streams.update(config.name, config)
  } catch (error) {
    if (!isNotFound(error)) throw error
    return await manager.streams.add(config)
  }
}

/** Which life of the stream this is: sequences of another one mean nothing here. */
export function incarnationOf(info: StreamInfo): string {
  return String(Date.parse(info.created))
}
