import { z } from 'zod'
import { searched } from './route.js'
import { epochSeconds } from './scalars.js'

const generation = z.object({
  id: z.number(),
  set: z.string(),
  digest: z.string().describe('Of its bundle, and of what it says.'),
  active: z.boolean(),
  createdAt: epochSeconds,
  activatedAt: epochSeconds.nullable().describe('When it became active last.'),
  builders: z.number(), workers: z.number(), schedulers: z.number(),
}).meta({ id: 'Generation', description: 'One loaded version of a configuration set.' })
export type Generation = z.infer<typeof generation>
export const generationsAnswer = z.object({ generations: z.array(generation), next: z.number().nullable().describe('The `before` of the next page; null: that was all.') })
export const generationAnswer = z.object({ generation })

const difference = z.object({
  what: z.string().describe('Where in the configuration, e.g. `builders.linux.workers`.'), before: z.json().describe('null: it was not there.'), after: z.json().describe('null: it is not there any more.'),
}).meta({ id: 'Difference', description: 'What one generation says otherwise than another.' })
export type Difference = z.infer<typeof difference>
export const differencesAnswer = z.object({ generation, against: generation.nullable().describe('The one that is active, or was asked for.'), differences: z.array(difference), more: z.boolean().describe('There are more than are told.') })

const reloadOutcomes = ['activated', 'unchanged', 'older', 'wrong', 'refused', 'absent'] as const
const reload = z.object({
  id: z.number(),
  set: z.string(),
  actor: z.string(),
  requestedAt: epochSeconds,
  outcomes: z.array(z.object({
    replica: z.number(), name: z.string(), role: z.string(), at: epochSeconds, generationId: z.number().nullable(), findings: z.string().nullable().describe('What is wrong with its file, or likely not meant so.'),
    outcome: z.enum(reloadOutcomes).describe('activated: it was new; unchanged: it is active already; older: it was active once, and stays so until it is applied; wrong, refused: it is not used; absent: it has no file.'),
  })),
  awaited: z.array(z.object({ replica: z.number(), name: z.string(), role: z.string() })).describe('Living replicas that have not answered yet.'),
}).meta({ id: 'Reload', description: 'An order that every replica of a set reads its configuration file again, and what came of it.' })
export type Reload = z.infer<typeof reload>
export const reloadAnswer = z.object({ reload })
export const reloadRequest = z.strictObject({ set: searched.optional().describe('Not said: the one that this replica serves.') }).meta({ id: 'ReloadBody', description: 'Whose files are read.', examples: [{}] })

const about = z.object({
  version: z.string(), title: z.string(), url: z.string(), set: z.string().nullable(), generation: z.number().nullable(), builders: z.number(), workers: z.number(),
}).meta({ id: 'About', description: 'The installation, in short.' })
export type About = z.infer<typeof about>
export const aboutAnswer = z.object({ about })
