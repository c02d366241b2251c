import type { ChangeData } from '../change.js'
import type { Json } from '../json.js'
import type { Properties } from '../properties.js'
import type { Result } from '../results.js'
import type { SourceStampData } from '../source-stamp.js'

export type ReportEvent = 'requested' | 'started' | 'finished' | 'cancelled' | 'step.started' | 'step.finished' | 'buildset.finished' | 'worker.missing' | 'pool.alert'

/** Fields as REST v2 names them; times in epoch seconds. */
export type ReportedBuild = {
  buildid: number
  number: number
  builderid: number
  buildrequestid: number
  workerid: number
  worker: string
  started_at: number
  complete_at: number | null
  complete: boolean
  results: Result | null
  state_string: string
  /** Its page. */
  url: string
  properties: Properties
  /** None at the start; of a step's event that step alone. */
  steps: ReportedStep[]
}

export type ReportedStep = {
  stepid: number
  number: number
  name: string
  state_string: string
  started_at: number | null
  complete_at: number | null
  results: Result | null
  urls: { name: string; url: string }[]
  logs: { logid: number; name: string; slug: string; type: string; num_lines: number; url: string }[]
}

/**
 * What happened, and what is known of it, as reporters and users' functions are told. It speaks of the moment of the event: what came later is not in it.
 * `build` is null before there is one and for buildsets; `builds` are all of a buildset's.
 */
export type Report = {
  event: ReportEvent
  /** Epoch seconds. */
  at: number
  title: string
  titleURL: string | null
  builder: { builderid: number; name: string; tags: string[]; project: string | null; description: string | null; url: string } | null
  request: { buildrequestid: number; priority: number; submitted_at: number; waited_for: boolean; results: Result | null; complete: boolean; url: string } | null
  build: ReportedBuild | null
  /** Of a step's event alone. */
  step?: ReportedStep
  /** The one before it on its builder that came to an end, to tell a change. */
  previous: { buildid: number; number: number; results: Result; complete_at: number; url: string } | null
  buildset: { bsid: number; reason: string; scheduler: string | null; submitted_at: number; complete_at: number | null; results: Result | null; external_idstring: string | null } | null
  builds: (ReportedBuild & { builder: string; tags: string[]; previous: { results: Result } | null })[]
  sourcestamps: (SourceStampData & { changes: ChangeData[] })[]
  properties: Properties
  /** Authors of the changes, and who asked. */
  owners: string[]
  /** Contents by `step.log` (slug), as the generator asks for them; cut at their end when they are too large. */
  logs: { [stepAndLog: string]: string }
  /** The last lines of logs of steps that did not succeed, in the same way, for those kinds of reporters that show them; some KB. */
  tails: { [stepAndLog: string]: string }
  worker: { workerid: number; name: string; last_connection: string; info: { [key: string]: Json }; notify: string[] } | null
  pool: { poolid: number; name: string; alert: string } | null
}
