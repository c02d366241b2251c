import { z } from 'zod'

export const accessAnswer = z.object({ access: z.object({
  allowed: z.boolean(),
  rule: z.number().nullable().describe('The number of the rule that decides, from 1; null: none does.'),
  why: z.string().describe('The end of a sentence.'),
}) })
export const rightsAnswer = z.object({ rights: z.array(z.object({
  id: z.number().describe('Of what was asked for; 0 where no id was given.'),
  refused: z.record(z.string(), z.string()).describe('What may not be done, and why: an action and the end of a sentence.'),
})) })

export type AccessExplained = z.infer<typeof accessAnswer>['access']
