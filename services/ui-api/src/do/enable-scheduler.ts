import { transaction } from '@yardmaster/db'
import { enableScheduler } from '@yardmaster/db/verbs/enable-scheduler'
import { z } from 'zod'
import { numberIn } from '../http/resources/places.js'
import { sql } from '../http/resources/sql.js'
import { readArguments } from './arguments.js'
import type { Control } from './control.js'
import { findId } from './find-id.js'

const enableArguments = z.object({ enabled: z.boolean() })

export const enable: Control = async ({ deps: { db }, params, args }) => {
  const { enabled } = readArguments(enableArguments, args)
  const given = sql`${numberIn(params, 'schedulerid')}`
  await transaction(db, null, async tx => enableScheduler(tx, { schedulerId: await findId(tx, 'schedulers', given), enabled }))
  return null
}
