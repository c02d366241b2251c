import { z } from 'zod'
import { forceField } from '../resources/forcescheduler.js'

/** A form as it is now for a builder, given what was filled in: POST `/api/yard/v1/forceschedulers/NAME/form`. */
export const forceFormRequest = z.strictObject({ builderid: z.number().int().nullish(), values: z.record(z.string(), z.json()).optional() })
export type ForceFormBody = z.infer<typeof forceFormRequest>

export const forceFormAnswer = z.object({ all_fields: z.array(forceField) })
