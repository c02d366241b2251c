import { transaction, type Transaction } from '@yardmaster/db'
import { pauseWorker, stopWorker, unpauseWorker } from '@yardmaster/db/verbs/pause-worker'
import { workerId } from '../http/resources/places.js'
import { readArguments, reasonArguments } from './arguments.js'
import type { Control } from './control.js'
import { findId } from './find-id.js'

type WorkerVerb = (tx: Transaction, worker: { workerId: number; reason: string }) => Promise<boolean>

function workerControl(verb: WorkerVerb): Control {
  return async ({ deps: { db }, params, args }) => {
    const { reason } = readArguments(reasonArguments, args)
    await transaction(db, null, async tx => verb(tx, { workerId: await findId(tx, 'workers', workerId(params)), reason }))
    return null
  }
}

export const pause = workerControl(pauseWorker)
export const unpause = workerControl(unpauseWorker)
export const stopWorkerGracefully = workerControl(stopWorker)
