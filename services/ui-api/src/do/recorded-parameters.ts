import type { Json } from '@yardmaster/domain'
import { z } from 'zod'

/** Arguments that are no secrets; what is not of their type means nothing to the action. */
const open = z.object({ reason: z.string().max(10_000), enabled: z.boolean(), priority: z.coerce.number() }).partial()
const openFields = Object.entries(open.shape)

/**
 * What is kept of a control action's arguments. A force form's values are properties of its buildset: of them the names say enough,
 * and of whatever else somebody sent, nothing is kept.
 */
export function recordedParameters(action: string, args: { [name: string]: unknown }): { [name: string]: Json } {
  if (action === 'force') return { fields: Object.keys(args).sort() }
  return Object.fromEntries(openFields.flatMap(([name, schema]) => {
    const { data } = schema.safeParse(args[name])
    return data === undefined ? [] : [[name, data]]
  }))
}
