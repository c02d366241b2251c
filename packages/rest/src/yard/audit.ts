import { z } from 'zod'

/** What somebody did or wanted to do, as `/api/yard/v1/audit` tells it. */
export const auditRecordSchema = z.object({
  id: z.number(),
  at: z.number().describe('Epoch seconds.'),
  actor: z.string().describe('user:NAME, token:USER/NAME or system:NAME.'),
  username: z.string().nullable().describe('By whose right.'),
  via: z.enum(['anonymous', 'user', 'token']).nullable(),
  address: z.string().nullable().describe('Where it was asked for.'),
  action: z.string(),
  thing: z.string().describe('What kind of thing it was done to: builds, workers…'),
  thingId: z.number().nullable(),
  parameters: z.record(z.string(), z.json()),
  outcome: z.enum(['done', 'refused']),
  note: z.string().nullable().describe('Why it was refused.'),
})
export type AuditRecord = z.infer<typeof auditRecordSchema>

export const auditAnswer = z.object({ actions: z.array(auditRecordSchema), next: z.number().nullable().describe("The query's `before` for those that follow; null: there are none.") })
