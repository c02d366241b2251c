import { requestStop } from '@yardmaster/db/verbs/stop-build'
import { readArguments, reasonArguments } from './arguments.js'
import type { Control } from './control.js'

/** A build that has ended is stopped already: asking again does nothing, as in Buildbot. */
export const stopBuild: Control = async (tx, { id, args, actor }) => {
  await requestStop(tx, { buildId: id, reason: readArguments(reasonArguments, args).reason, actor })
  return null
}
