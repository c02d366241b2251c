import { z } from 'zod'
import { invalidParams } from './control-error.js'

/** The arguments of a control action, checked; throws ControlError with every problem at once. */
export function readArguments<T>(schema: z.ZodType<T>, args: { [name: string]: unknown }): T {
  const read = schema.safeParse(args)
  if (read.success) return read.data
  throw invalidParams(read.error.issues.map(issue => `${issue.path.join('.') || 'params'}: ${issue.message}`).join('; '))
}

/** Why somebody does it, in their words. */
export const reasonArguments = z.object({ reason: z.string().max(10_000).default('no reason') })
