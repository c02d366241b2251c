import type { QueuedJob } from '@yardmaster/bus'
import { transaction, type Fence } from '@yardmaster/db'
import { beginPoll } from '@yardmaster/db/verbs/begin-poll'
import { failPoll } from '@yardmaster/db/verbs/fail-poll'
import { recordPoll } from '@yardmaster/db/verbs/record-poll'
import type { GitPollerConfig } from '@yardmaster/domain'
import { ReplicaBuried, type Random } from '@yardmaster/runtime'
import type { PollJob } from '../loops/offer-polls.js'
import { PollFailed } from '../polls/poll-failed.js'
import type { PollGeneration } from '../polls/poll-generation.js'
import { pollRepository, type Found, type Polling } from '../polls/poll-repository.js'

const LONGEST_PAUSE_SECONDS = 60
const FIRST_PAUSE_SECONDS = 1

export type PollDue = Polling & {
  fence: Fence
  random: Random
  active: () => PollGeneration | null
  stopping: AbortSignal
  /** Ids of the sources that this process is polling; kept here. */
  underWay: Set<number>
  /** A poll has ended: its source may be due again. */
  onEnd(): void
}

/** Polls the source of a job, if it is still due: the changes and how far it has read are one transaction, so that a kill at any moment neither skips nor repeats a commit. */
export function pollDue(due: PollDue): (job: Pick<QueuedJob<PollJob>, 'data' | 'signal'>) => Promise<void> {
  const { active, stopping, underWay, onEnd } = due
  return async ({ data: { source: name, id, claim }, signal }) => {
    const generation = active()
    const source = generation?.configuration.changeSources.find(candidate => candidate.name === name)
    if (!generation || !source || stopping.aborted || underWay.has(id)) return
    underWay.add(id)
    try {
      await pollOnce(due, { source, generation, id, claim }, AbortSignal.any([signal, stopping]))
    } finally {
      underWay.delete(id)
      onEnd()
    }
  }
}

type One = { source: GitPollerConfig; generation: PollGeneration; id: number; claim: number }

async function pollOnce(due: PollDue, one: One, signal: AbortSignal): Promise<void> {
  const { db, fence, logger, stopping } = due
  const { source, generation, id } = one
  const begun = await transaction(db, fence, tx => beginPoll(tx, { sourceId: id, claim: one.claim, replicaId: fence.replicaId, seconds: nextIn(source, due.random) }))
  if (begun === null) return
  try {
    const found = await pollRepository(due, { source, generation, stored: begun.state, polledAt: begun.polled_at }, signal)
    await record(due, one, { ...found, claim: begun.claim })
    if (begun.trouble !== null) logger.info({ source: source.name }, 'polling works again')
    await found.afterwards?.()
  } catch (error) {
    if (error instanceof ReplicaBuried || stopping.aborted) throw error
    const trouble = error instanceof Error ? error.message : String(error)
    const pauseSeconds = pauseAfter(source, begun.failures + 1)
    await transaction(db, fence, tx => failPoll(tx, { sourceId: id, claim: begun.claim, trouble, pauseSeconds }))
    if (begun.trouble !== trouble) logger.warn({ err: error, source: source.name }, 'change source cannot be polled; it is tried again')
    if (!(error instanceof PollFailed)) throw error
  }
}

async function record({ db, fence, logger }: PollDue, { source, generation, id }: One, { state, changes, more, claim }: Found & { claim: number }): Promise<void> {
  const stored = await transaction(db, fence, tx => recordPoll(tx, { sourceId: id, claim, generationId: generation.id, state, changes, reconciles: source.reconciles !== null, more }))
  if (!stored) logger.debug({ source: source.name }, 'the poll came to nothing: it was taken over, or another configuration is active')
  else if (changes.length > 0) logger.info({ source: source.name, changes: changes.length, newest: changes.at(-1)?.revision }, 'new commits')
}

function nextIn({ pollInterval, pollRandomDelayMin, pollRandomDelayMax }: GitPollerConfig, random: Random): number | null {
  return pollInterval === null ? null : pollInterval + pollRandomDelayMin + random.float() * (pollRandomDelayMax - pollRandomDelayMin)
}

/** Seconds, ever longer. */
function pauseAfter({ pollInterval }: GitPollerConfig, failures: number): number {
  return Math.min((pollInterval ?? FIRST_PAUSE_SECONDS) * 2 ** (failures - 1), LONGEST_PAUSE_SECONDS)
}
