import { transaction } from '@yardmaster/db'
import { cancelRequest } from '@yardmaster/db/verbs/cancel-request'
import { numberIn } from '../http/resources/places.js'
import { sql } from '../http/resources/sql.js'
import { readArguments, reasonArguments } from './arguments.js'
import type { Control } from './control.js'
import { findId } from './find-id.js'

/** A request that has ended stays as it ended. */
export const cancelBuildRequest: Control = async ({ deps: { db }, params, args, actor }) => {
  const { reason } = readArguments(reasonArguments, args)
  const given = sql`${numberIn(params, 'buildrequestid')}`
  await transaction(db, null, async tx => cancelRequest(tx, { requestId: await findId(tx, 'build_requests', given), reason, actor }))
  return null
}
