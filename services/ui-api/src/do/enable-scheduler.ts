import { enableScheduler } from '@yardmaster/db/verbs/enable-scheduler'
import { z } from 'zod'
import { readArguments } from './arguments.js'
import type { Control } from './control.js'

const enableArguments = z.object({ enabled: z.boolean() })

export const enable: Control = async (tx, { id, args }) => {
  await enableScheduler(tx, { schedulerId: id, enabled: readArguments(enableArguments, args).enabled })
  return null
}
