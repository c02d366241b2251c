import type { OutboxBatch } from '@yardmaster/db/verbs/relay-outbox'
import { startLoop, type LoopOptions } from '@yardmaster/runtime'
import type { Bus } from './bus.js'

/** The outbox as the relay sees it. */
export type OutboxReader = {
  /** The oldest rows that are at least so old, ascending by id; never "id > cursor", which loses rows that commit late. */
  read(query: { limit: number; olderThanMs: number }): Promise<OutboxBatch[]>
  remove(ids: number[]): Promise<void>
}

export type RelayOptions = Pick<LoopOptions, 'clock' | 'logger' | 'onError' | 'registry'> & {
  bus: Bus
  outbox: OutboxReader
  /** Whether this process is the one that sweeps now. */
  holdsDuty: () => Promise<boolean>
}

export type Relay = {
  /** What a commit of this process told: it goes out at once, without being read from the outbox again. */
  tell(batch: OutboxBatch): void
  /** See Loop. */
  hurry(): void
  stop(): Promise<void>
}

const rowsAtOnce = 256
/** More than this waiting here: it is in the outbox as well, and goes from there. */
const mostWaiting = 4_096
/** Younger rows are on their way from whoever committed them. */
const sweptAfterMs = 2_000

/**
 * Moves outbox rows to the event stream and deletes them once they are acknowledged. Each process sends what it has committed itself;
 * one of them sweeps what was left: by a process that died after its commit, or while NATS was away.
 */
export function startRelay({ bus, outbox, holdsDuty, ...loopOptions }: RelayOptions): Relay {
  const waiting: OutboxBatch[] = []
  const publish = async (rows: OutboxBatch[]) => {
    const published = await bus.publishEvents(rows)
    if (published.length > 0) await outbox.remove(published)
    if (published.length < rows.length) throw new Error(`${rows.length - published.length} of ${rows.length} outbox rows were not acknowledged by JetStream; they stay and are sent again`)
  }
  const tellOwn = async () => {
    if (waiting.length > 0) await publish(waiting.splice(0, rowsAtOnce))
    return { again: waiting.length > 0 }
  }
  const sweep = async () => {
    if (!bus.connected() || !await holdsDuty()) return
    const rows = await outbox.read({ limit: rowsAtOnce, olderThanMs: sweptAfterMs })
    if (rows.length > 0) await publish(rows)
    return { again: rows.length === rowsAtOnce }
  }
  const own = startLoop({ ...loopOptions, name: 'relay', everyMs: 5_000, run: tellOwn })
  const swept = startLoop({ ...loopOptions, name: 'outbox', everyMs: 1_000, run: sweep })
  return {
    tell(batch) {
      if (!bus.connected() || waiting.length >= mostWaiting) return
      waiting.push(batch)
      own.notify()
    },
    hurry() {
      own.hurry()
      swept.hurry()
    },
    async stop() {
      await Promise.all([own.stop(), swept.stop()])
    },
  }
}
