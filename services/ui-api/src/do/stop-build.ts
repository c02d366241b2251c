import { transaction } from '@yardmaster/db'
import { requestStop } from '@yardmaster/db/verbs/stop-build'
import { buildId } from '../http/resources/places.js'
import { readArguments, reasonArguments } from './arguments.js'
import type { Control } from './control.js'
import { findId } from './find-id.js'

/** A build that has ended is stopped already: asking again does nothing, as in Buildbot. */
export const stopBuild: Control = async ({ deps: { db }, params, args, actor }) => {
  const { reason } = readArguments(reasonArguments, args)
  await transaction(db, null, async tx => requestStop(tx, { buildId: await findId(tx, 'builds', buildId(params)), reason, actor }))
  return null
}
