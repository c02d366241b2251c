import { setPriority } from '@yardmaster/db/verbs/set-priority'
import { z } from 'zod'
import { readArguments } from './arguments.js'
import type { Control } from './control.js'

const priorityArguments = z.object({ priority: z.coerce.number().int().min(-(2 ** 31)).max(2 ** 31 - 1) })

export const setRequestPriority: Control = async (tx, { id, args }) => {
  await setPriority(tx, { requestId: id, priority: readArguments(priorityArguments, args).priority })
  return null
}
