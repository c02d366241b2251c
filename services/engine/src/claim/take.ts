import { transaction, type Database, type Fence } from '@yardmaster/db'
import { claimRequests, type Claimed } from '@yardmaster/db/verbs/claim-requests'
import type { ClaimableRequest } from '@yardmaster/db/verbs/find-claimable'
import type { MachineLimits } from '@yardmaster/db/verbs/machine-claims'
import { buildLimits } from '@yardmaster/domain'
import type { Generations, LoadedGeneration } from '@yardmaster/replica'
import type { Clock } from '@yardmaster/runtime'
import { builderOf } from '../build/build-data.js'
import type { BuildRuns } from '../build/build-runs.js'
import type { WorkerSession } from '../workers/worker-session.js'
import { renderAllLocks } from './builder-locks.js'
import { buildData, claimOf, type Choice } from './new-build.js'

export type TakeDeps = { db: Database; fence: Fence; clock: Clock; generations: Generations; runs: BuildRuns }

/** Claims the requests for their workers, in the order given, and drives the builds that were won. Answers with what became of them. */
export async function take({ db, fence, clock, runs }: TakeDeps, wanted: Choice[]): Promise<Claimed> {
  const locks = await renderAllLocks(wanted, clock)
  const failed = wanted.flatMap(({ request }, index) => ('failed' in locks[index]! ? [{ requestId: request.id, waitsFor: locks[index].failed }] : []))
  const choices = wanted.filter((_, index) => 'uses' in locks[index]!)
  if (choices.length === 0) return { builds: [], passedOver: failed, unfit: [] }
  const claims = wanted.flatMap((choice, index) => ('uses' in locks[index]! ? [claimOf(choice, locks[index].uses)] : []))
  const claimed = await transaction(db, fence, tx => claimRequests(tx, fence.replicaId, claims))
  for (const build of claimed.builds) {
    const at = choices.findIndex(choice => choice.request.id === build.requestId)
    runs.start(buildData(choices[at]!, claims[at]!, build), choices[at]!.session)
  }
  return { ...claimed, passedOver: [...claimed.passedOver, ...failed] }
}

/** With the builder as the generation that made the request has it; as the active one has it when that one did not know it. Null: neither does. */
export async function choiceOf(generations: Generations, request: ClaimableRequest, session: WorkerSession): Promise<Choice | null> {
  const active = generations.active()
  const units = (active && builderOf(active, request.builderKey))?.units ?? 1
  for (const generation of [await generations.get(request.generationId), active]) {
    const builder = generation && builderOf(generation, request.builderKey)
    if (generation && builder) return { request, session, generation, builder, units, machine: active && limitsOf(active, session.name) }
  }
  return null
}

function limitsOf({ configuration: { pools } }: LoadedGeneration, worker: string): MachineLimits | null {
  const pool = pools.find(candidate => candidate.workers.includes(worker))
  return pool ? buildLimits(pool) : null
}
