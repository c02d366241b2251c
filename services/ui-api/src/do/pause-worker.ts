import type { Transaction } from '@yardmaster/db'
import { killWorker } from '@yardmaster/db/verbs/kill-worker'
import { pauseWorker, stopWorker, unpauseWorker } from '@yardmaster/db/verbs/pause-worker'
import { readArguments, reasonArguments } from './arguments.js'
import type { Control } from './control.js'

type WorkerVerb = (tx: Transaction, worker: { workerId: number; reason: string }) => Promise<boolean>

function workerControl(verb: WorkerVerb): Control {
  return async (tx, { id, args }) => {
    await verb(tx, { workerId: id, reason: readArguments(reasonArguments, args).reason })
    return null
  }
}

export const pause = workerControl(pauseWorker)
export const unpause = workerControl(unpauseWorker)
export const stopWorkerGracefully = workerControl(stopWorker)
export const kill = workerControl(killWorker)
