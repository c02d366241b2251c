import { z } from 'zod'
import { forceField } from '../resources/forcescheduler.js'

export const forceFormRequest = z.strictObject({ builderid: z.number().int().nullish(), values: z.record(z.string(), z.json()).optional() }).meta({ id: 'ForceFormBody', description: 'For which builder the form is, and what was filled in so far.' })
export type ForceFormBody = z.infer<typeof forceFormRequest>

export const forceFormAnswer = z.object({ all_fields: z.array(forceField) })
