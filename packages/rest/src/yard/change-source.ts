import { z } from 'zod'
import { epochSeconds } from './scalars.js'

export const changeSourceSchema = z.object({
  id: z.number(),
  name: z.string(),
  kind: z.string(),
  set: z.string(),
  repository: z.string(),
  reconciles: z.string().nullable().describe('The hook of which it finds what was never told.'),
  heads: z.number().describe('How many branches and other refs it has read.'),
  dueAt: epochSeconds.nullable().describe('When it is polled next; null: only when asked.'),
  asked: z.boolean().describe('It is to be polled at once.'),
  pollingOn: z.string().nullable().describe('Name of the replica that is polling it.'),
  polledAt: epochSeconds.nullable().describe('When a poll last went well.'),
  failures: z.number().describe('Polls in a row that failed, since when, and why the last one did.'),
  trouble: z.string().nullable(),
  troubleSince: epochSeconds.nullable(),
}).meta({ id: 'ChangeSource', description: 'Where changes are looked for, how far that is, and what hinders it.' })
export type ChangeSource = z.infer<typeof changeSourceSchema>

const details = changeSourceSchema.extend({ read: z.record(z.string(), z.string()).describe('What it has read: branch (of another ref its full name) -> revision.') }).meta({ id: 'ChangeSourceDetails', description: 'A change source, with what it has read.' })
export type ChangeSourceDetails = z.infer<typeof details>

export const changeSourcesAnswer = z.object({ changesources: z.array(changeSourceSchema) })
export const changeSourceAnswer = z.object({ changesource: details })
