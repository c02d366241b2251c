import type { QueuedJob } from '@yardmaster/bus'
import type { ActiveGeneration } from '../active-generation.js'
import { pollRepository, type Polling } from '../do/poll-repository.js'
import { GitFailed } from '../do/run-git.js'
import type { PollJob } from '../loops/schedule-polls.js'

const LONGEST_PAUSE_MS = 60_000

/** A source that cannot be polled now: told once, and asked more and more seldom. */
type Trouble = { reason: string; failures: number; notBefore: number }

export type PollDue = Polling & { active: () => ActiveGeneration | null; stopping: AbortSignal }

/** Polls the source of a job. A poll that takes longer than the interval lets the jobs that come meanwhile pass. */
export function pollDue({ active, stopping, ...polling }: PollDue): (job: Pick<QueuedJob<PollJob>, 'data' | 'signal'>) => Promise<void> {
  const { clock, logger } = polling
  const underWay = new Set<string>()
  const troubles = new Map<string, Trouble>()
  return async ({ data: { source: name }, signal }) => {
    const source = active()?.configuration.changeSources.find(candidate => candidate.name === name)
    const trouble = troubles.get(name)
    if (source === undefined || stopping.aborted || underWay.has(name) || clock.monotonic() < (trouble?.notBefore ?? 0)) return
    underWay.add(name)
    try {
      await pollRepository(polling, source, AbortSignal.any([signal, stopping]))
      if (troubles.delete(name)) logger.info({ source: name }, 'polling works again')
    } catch (error) {
      if (!(error instanceof GitFailed)) throw error
      if (stopping.aborted) return
      const failures = (trouble?.failures ?? 0) + 1
      const pauseMs = Math.min(source.pollInterval * 1000 * 2 ** (failures - 1), LONGEST_PAUSE_MS)
      troubles.set(name, { reason: error.message, failures, notBefore: clock.monotonic() + pauseMs })
      if (trouble?.reason !== error.message) logger.warn({ err: error, source: name }, 'change source cannot be polled; it is tried again')
    } finally {
      underWay.delete(name)
    }
  }
}
