import { z } from 'zod'
import { epochSeconds } from './scalars.js'

const moment = epochSeconds.nullable()
const next = z.number().nullable().describe('The `before` of the next page; null: that was all.')

const sourcestamp = z.object({
  codebase: z.string(), repository: z.string(), project: z.string(), branch: z.string().nullable(), revision: z.string().nullable(),
}).meta({ id: 'Source', description: 'What was built of one codebase.' })

export const listedBuild = z.object({
  id: z.number(),
  builderId: z.number(),
  builder: z.string(),
  number: z.number().describe('Among those of its builder.'),
  project: z.string().nullable(),
  worker: z.string(),
  requestId: z.number(),
  buildsetId: z.number(),
  reason: z.string(),
  owner: z.string().nullable().describe('Of its property `owner`, or the first of `owners`.'),
  sources: z.array(sourcestamp),
  state: z.enum(['running', 'finished']),
  results: z.number().nullable(),
  text: z.string().describe('What it says of itself.'),
  startedAt: epochSeconds,
  completeAt: moment,
}).meta({ id: 'ListedBuild', description: 'A build, with the names of what it belongs to.' })
export type ListedBuild = z.infer<typeof listedBuild>
export const listedBuildsAnswer = z.object({ builds: z.array(listedBuild), next })

export const listedRequest = z.object({
  id: z.number(),
  builderId: z.number(),
  builder: z.string(),
  buildsetId: z.number(),
  project: z.string().nullable(),
  reason: z.string(),
  priority: z.number(),
  state: z.enum(['pending', 'claimed', 'complete']),
  results: z.number().nullable(),
  submittedAt: epochSeconds,
  completeAt: moment,
  waitsFor: z.string().nullable().describe('Why it was passed over when it was last looked at.'),
  endReason: z.string().nullable().describe('Of one that ended without a build.'),
  sources: z.array(sourcestamp),
}).meta({ id: 'ListedRequest', description: 'A build request, with the names of what it belongs to.' })
export type ListedRequest = z.infer<typeof listedRequest>
export const listedRequestsAnswer = z.object({ buildrequests: z.array(listedRequest), next })

export const listedChange = z.object({
  id: z.number(),
  author: z.string(),
  comments: z.string(),
  branch: z.string().nullable(),
  revision: z.string().nullable(),
  revlink: z.string().nullable(),
  repository: z.string(),
  codebase: z.string(),
  project: z.string(),
  category: z.string().nullable(),
  files: z.number().describe('How many it touches.'),
  whenAt: epochSeconds.describe('When it was made, as its host says.'),
  receivedAt: epochSeconds,
}).meta({ id: 'ListedChange', description: 'A change.' })
export type ListedChange = z.infer<typeof listedChange>
export const listedChangesAnswer = z.object({ changes: z.array(listedChange), next })

export const listedBuilder = z.object({
  id: z.number(),
  name: z.string(),
  active: z.boolean().describe('False once no configuration names it.'),
  project: z.string().nullable(),
  description: z.string().nullable(),
  tags: z.array(z.string()),
  set: z.string(),
  workers: z.number().describe('How many may build it, and how many of them are connected.'),
  connected: z.number(),
  waiting: z.number().describe('Its build requests that wait.'),
  running: z.number().describe('Its builds that run.'),
  last: z.object({ id: z.number(), number: z.number(), results: z.number().nullable(), startedAt: epochSeconds, completeAt: moment }).nullable().describe('Its newest build that has ended.'),
}).meta({ id: 'ListedBuilder', description: 'A builder, with how it is.' })
export type ListedBuilder = z.infer<typeof listedBuilder>
export const listedBuildersAnswer = z.object({ builders: z.array(listedBuilder), next: z.string().nullable().describe('The `before` of the next page; null: that was all.') })

export const installationCounts = z.object({
  running: z.number().describe('Builds.'),
  waiting: z.number().describe('Build requests.'),
}).meta({ id: 'Counts', description: 'How many builds run, and how many build requests wait.' })
export type InstallationCounts = z.infer<typeof installationCounts>

export const searchHit = z.object({
  kind: z.enum(['builder', 'worker', 'build', 'buildrequest', 'change']),
  id: z.number(),
  title: z.string(),
  detail: z.string().describe('What tells it from others of the same title.'),
  place: z.string().nullable().describe('Its address below that of the web page.'),
  results: z.number().nullable().describe('Of a build that has ended.'),
}).meta({ id: 'SearchHit', description: 'Something that was found.' })
export type SearchHit = z.infer<typeof searchHit>
export const searchAnswer = z.object({ hits: z.array(searchHit) })
