import { transaction } from '@yardmaster/db'
import { setPriority } from '@yardmaster/db/verbs/set-priority'
import { z } from 'zod'
import { numberIn } from '../http/resources/places.js'
import { sql } from '../http/resources/sql.js'
import { readArguments } from './arguments.js'
import type { Control } from './control.js'
import { findId } from './find-id.js'

const priorityArguments = z.object({ priority: z.coerce.number().int().min(-(2 ** 31)).max(2 ** 31 - 1) })

export const setRequestPriority: Control = async ({ deps: { db }, params, args }) => {
  const { priority } = readArguments(priorityArguments, args)
  const given = sql`${numberIn(params, 'buildrequestid')}`
  await transaction(db, null, async tx => setPriority(tx, { requestId: await findId(tx, 'build_requests', given), priority }))
  return null
}
