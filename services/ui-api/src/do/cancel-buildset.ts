import { cancelBuildset } from '@yardmaster/db/verbs/cancel-buildset'
import { readArguments, reasonArguments } from './arguments.js'
import type { Control } from './control.js'

/** Ends what waits of it and stops what runs; answers how many of each. */
export const cancelWholeBuildset: Control = async (tx, { id, args, actor }) => {
  const done = await cancelBuildset(tx, { buildsetId: id, reason: readArguments(reasonArguments, args).reason, actor })
  return { cancelled: done.filter(outcome => outcome === 'cancelled').length, stopping: done.filter(outcome => outcome === 'stopping').length }
}
