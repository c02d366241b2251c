import { z } from 'zod'

const span = z.object({ from: z.number(), to: z.number().nullable() }).meta({ id: 'Span', description: 'Seconds from now; `to` null: it cannot be said how late.' })

const requestExplained = z.object({
  reasons: z.array(z.object({ kind: z.enum(['undecided', 'held', 'inactive', 'engine', 'put-off', 'lock', 'waits', 'worker', 'machine', 'queue', 'limit', 'parent']), text: z.string() })),
  workers: z.array(z.object({
    name: z.string(),
    why: z.string().nullable().describe('Why it does not build it now, as the end of a sentence that begins with its name; null: it could.'),
    place: span.nullable().describe('When it is expected to have a place; null: unknown.'),
    running: z.array(z.object({ id: z.number(), builder: z.string(), number: z.number(), elapsed: z.number(), remaining: span.nullable() })),
  })),
  estimate: z.object({ span: span.nullable(), text: z.string() }),
}).meta({ id: 'ExplainedRequest', description: 'Why a build request waits, for programs. Times are seconds from now.' })

const explanation = z.object({
  about: z.object({ kind: z.enum(['request', 'builder', 'pool']), id: z.number(), name: z.string() }),
  sentences: z.array(z.string()).describe('The most important first.'),
  request: requestExplained.optional().describe('Of a request that waits.'),
}).meta({ id: 'Explanation', description: 'Why something waits, or why a pool has as many machines as it has.' })
export type Explanation = z.infer<typeof explanation>
/** What can be asked about, by its number or (not a request) by its name. */
export type Explained = 'requests' | 'builders' | 'pools'

export const explanationsAnswer = z.object({ explanations: z.array(explanation) })
