import { z } from 'zod'

const epochSeconds = z.number()

/** A change source of the active configuration, as `/api/yard/v1/changesources` tells it. Times are epoch seconds. */
export const changeSourceSchema = z.object({
  id: z.number(),
  name: z.string(),
  kind: z.string(),
  set: z.string(),
  repository: z.string(),
  /** The hook of which it finds what was never told. */
  reconciles: z.string().nullable(),
  /** How many branches and other refs it has read. */
  heads: z.number(),
  /** When it is polled next; null: only when asked. */
  dueAt: epochSeconds.nullable(),
  /** It is to be polled at once. */
  asked: z.boolean(),
  /** Name of the replica that is polling it. */
  pollingOn: z.string().nullable(),
  /** When a poll last went well. */
  polledAt: epochSeconds.nullable(),
  /** Polls in a row that failed, since when, and why the last one did. */
  failures: z.number(),
  trouble: z.string().nullable(),
  troubleSince: epochSeconds.nullable(),
})
export type ChangeSource = z.infer<typeof changeSourceSchema>

/** One with what it has read: branch (of another ref its full name) -> revision. */
const details = changeSourceSchema.extend({ read: z.record(z.string(), z.string()) })
export type ChangeSourceDetails = z.infer<typeof details>

export const changeSourcesAnswer = z.object({ changesources: z.array(changeSourceSchema) })
export const changeSourceAnswer = z.object({ changesource: details })
