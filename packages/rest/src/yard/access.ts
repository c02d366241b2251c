import { z } from 'zod'

export const accessAnswer = z.object({ access: z.object({
  allowed: z.boolean(),
  rule: z.number().nullable().describe('The number of the rule that decides, from 1; null: none does.'),
  why: z.string().describe('The end of a sentence.'),
}) })
export type AccessExplained = z.infer<typeof accessAnswer>['access']
