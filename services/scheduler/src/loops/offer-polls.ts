import type { JobQueue } from '@yardmaster/bus'
import type { Database } from '@yardmaster/db'
import { readPollTimes, type PollTime } from '@yardmaster/db/verbs/read-poll-times'
import type { Clock } from '@yardmaster/runtime'

/** What a job of the queue `polls` says: this source may be due. Whether it is, its row decides. */
export type PollJob = { source: string; id: number; claim: number }

export type OfferingPolls = {
  db: Database
  queue: JobQueue<PollJob>
  clock: Clock
  set: string
  replicaId: number
  /** Ids of the sources that this process is polling. */
  underWay: ReadonlySet<number>
  setAlarm(epochMs: number | null): void
}

/** A job that was offered and not taken is offered again, soon once and then not so often: queues are wiped, and their workers killed. */
const AGAIN_MS = [1_500, 4_500]
/** A source that somebody else is polling becomes free with his death, which nobody tells us of. */
const LOOK_AGAIN_MS = 1_000

/** Each source that is due is offered to the queue by each replica: whoever takes it first polls it, the others' jobs do nothing. */
export function offerPolls({ db, queue, clock, set, replicaId, underWay, setAlarm }: OfferingPolls): () => Promise<void> {
  const offered = new Map<number, Offer>()
  return async () => {
    const found = await readPollTimes(db, { set, replicaId, underWay: [...underWay] })
    const free = found.filter(({ held }) => !held)
    for (const { id, name, claim } of free.filter(isDue)) {
      const before = offered.get(id)
      const times = before?.claim === claim ? before.times : 0
      if (before !== undefined && times > 0 && clock.monotonic() < againAt(before)) continue
      await queue.add('poll', { source: name, id, claim }, { attempts: 1 })
      offered.set(id, { claim, times: times + 1, at: clock.monotonic() })
    }
    const pauses = free.flatMap(time => (time.dueInMs === null || isDue(time) ? [] : [time.dueInMs]))
    for (const { id } of free.filter(isDue)) pauses.push(Math.max(0, againAt(offered.get(id)!) - clock.monotonic()))
    if (found.some(({ held }) => held)) pauses.push(LOOK_AGAIN_MS)
    setAlarm(pauses.length === 0 ? null : clock.now() + Math.min(...pauses))
  }
}

type Offer = { claim: number; times: number; at: number }

function againAt({ times, at }: Offer): number {
  return at + AGAIN_MS[Math.min(times, AGAIN_MS.length) - 1]!
}

function isDue({ dueInMs }: PollTime): boolean {
  return dueInMs !== null && dueInMs <= 0
}
