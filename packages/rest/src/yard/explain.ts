import { z } from 'zod'

/** Why a request waits, or why a pool has as many machines as it has, in sentences: `/api/yard/v1/explain`. */
const explanation = z.object({
  about: z.object({ kind: z.enum(['request', 'builder', 'pool']), id: z.number(), name: z.string() }),
  /** The most important first. */
  sentences: z.array(z.string()),
})
export type Explanation = z.infer<typeof explanation>
/** What can be asked about, by its number or (not a request) by its name. */
export type Explained = 'requests' | 'builders' | 'pools'

export const explanationsAnswer = z.object({ explanations: z.array(explanation) })
