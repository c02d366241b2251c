import type { OutboxBatch } from '@yardmaster/db/verbs/relay-outbox'
import { startLoop, type Loop, type LoopOptions } from '@yardmaster/runtime'
import type { Bus } from './bus.js'

/** The outbox as the relay sees it. */
export type OutboxReader = {
  /** The oldest rows that are there, ascending by id; never "id > cursor", which loses rows that commit late. */
  read(limit: number): Promise<OutboxBatch[]>
  remove(ids: number[]): Promise<void>
}

export type RelayOptions = Pick<LoopOptions, 'clock' | 'logger' | 'onError' | 'registry'> & {
  bus: Bus
  outbox: OutboxReader
  /** Whether this process is the one that relays now. */
  holdsDuty: () => Promise<boolean>
}

const rowsAtOnce = 256

/** Moves outbox rows to the event stream, and deletes them once they are acknowledged. Woken by `outbox`, swept every second. */
export function startRelay({ bus, outbox, holdsDuty, ...loopOptions }: RelayOptions): Loop {
  const relay = async () => {
    if (!bus.connected() || !await holdsDuty()) return
    const rows = await outbox.read(rowsAtOnce)
    if (rows.length === 0) return
    const published = await bus.publishEvents(rows)
    if (published.length > 0) await outbox.remove(published)
    if (published.length < rows.length) throw new Error(`${rows.length - published.length} of ${rows.length} outbox rows were not acknowledged by JetStream; they stay and are sent again`)
    return { again: rows.length === rowsAtOnce }
  }
  const loop = startLoop({ ...loopOptions, name: 'relay', everyMs: 1_000, run: relay })
  const forget = bus.onWake('outbox', () => loop.notify())
  return {
    notify: () => loop.notify(),
    hurry: () => loop.hurry(),
    setAlarm: at => loop.setAlarm(at),
    settled: () => loop.settled(),
    stop: () => {
      forget()
      return loop.stop()
    },
  }
}
