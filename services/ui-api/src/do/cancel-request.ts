import { cancelRequest } from '@yardmaster/db/verbs/cancel-request'
import { readArguments, reasonArguments } from './arguments.js'
import type { Control } from './control.js'

/** A request that has ended stays as it ended. */
export const cancelBuildRequest: Control = async (tx, { id, args, actor }) => {
  await cancelRequest(tx, { requestId: id, reason: readArguments(reasonArguments, args).reason, actor })
  return null
}
