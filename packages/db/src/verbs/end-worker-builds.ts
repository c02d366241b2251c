import { RETRY, workerFault, type WorkerLoss } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { closeSteps } from './close-steps.js'
import { finishBuilds } from './finish-builds.js'

const WHY: { [How in WorkerLoss]?: string } = { away: 'it stayed away while it built', disconnected: 'its connection was lost while it built' }

/**
 * Every build of these workers that is under way ends RETRY (CANCELLED when it was asked to stop) with this text. `how` they were lost; null: it is not
 * their fault. The caller has locked the workers, and raised their sessions.
 */
export async function endWorkerBuilds(tx: Transaction, workers: number[], { stateString, how }: { stateString: string; how: WorkerLoss | null }): Promise<void> {
  const builds = await tx.query<{ id: number }>('SELECT id FROM builds WHERE worker_id = ANY($1) AND complete_at IS NULL ORDER BY id', [workers])
  if (builds.length === 0) return
  const lost = how && { how, why: WHY[how] ?? how }
  const fault = workerFault({ results: RETRY, lost, trouble: null })
  await closeSteps(tx, await finishBuilds(tx, builds.map(({ id }) => ({ buildId: id, results: RETRY, stateString, workerFault: fault }))))
}
