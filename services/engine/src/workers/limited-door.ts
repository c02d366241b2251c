import type { Database } from '@yardmaster/db'
import { takesWorker, type EngineLimits } from '@yardmaster/domain'
import type { Generations } from '@yardmaster/replica'
import type { Logger } from '@yardmaster/runtime'
import { CLOSE_GO_ELSEWHERE } from '@yardmaster/worker-protocol'
import type { Guest } from '../wire/admission.js'
import type { Newcomer } from '../wire/newcomer.js'
import type { WorkerConnection } from '../wire/worker-door.js'
import type { Link } from '../wire/worker-link.js'
import { labelsOf, readFellowEngines, takersOf } from './fellow-engines.js'

export type LimitedDoor = {
  db: Database
  set: string
  limits: EngineLimits | null
  generations: Generations
  logger: Logger
  takeIn(guest: Guest, newcomer: Newcomer, link: Link): Promise<WorkerConnection>
}

const nobody: WorkerConnection = { onMessage: () => {}, onClose: () => {} }

/** Takes in the workers that this engine can use; the others are told where they can go. */
export function limitedDoor({ db, set, limits, generations, logger, takeIn }: LimitedDoor): LimitedDoor['takeIn'] {
  return async (guest, newcomer, link) => {
    const { name } = guest
    const generation = generations.active()
    if (limits === null || generation === null) return takeIn(guest, newcomer, link)
    const worker = { name, labels: labelsOf(generation, name, newcomer.labels ?? {}) }
    if (takesWorker(limits, worker, generation.configuration.builders)) return takeIn(guest, newcomer, link)
    const takers = takersOf(await readFellowEngines(db, set), worker, generation)
    const urls = takers.flatMap(({ workerUrl }) => (workerUrl === null ? [] : [workerUrl]))
    const why = `no builder of this engine uses worker ${name}${takers.length === 0 ? ', and no other engine that runs now does' : ''}`
    logger.info({ worker: name, engines: urls }, 'a worker that this engine cannot use is sent elsewhere')
    link.send({ type: 'elsewhere', why, engines: urls })
    link.close(CLOSE_GO_ELSEWHERE, 'no builder of this engine uses this worker')
    return nobody
  }
}
