import type { Database } from '@yardmaster/db'
import type { Configuration, EventType, Json, Properties, Report, ReportEvent, Result, Told } from '@yardmaster/domain'
import { CANCELLED, propertiesBeforeBuild, RETRY, SKIPPED } from '@yardmaster/domain'
import { pages, readBuilds, type ReadBuild } from './read-builds.js'
import { ownersOf, readStamps } from './read-stamps.js'

/** One of the events of a commit, with its time (epoch seconds). */
export type Fact = Told & { at: number }

export type ReportReading = { db: Database; baseUrl: string; set: string; configuration: Configuration }

/** What is known of a fact; null: it is nothing to tell of (of another set's builder, a request that was built, rows that are gone). */
export async function readReport(reading: ReportReading, fact: Fact): Promise<Report | null> {
  return await readers[fact.type]?.(reading, fact) ?? null
}

const readers: { [type in EventType]?: (reading: ReportReading, fact: Fact) => Promise<Report | null> } = {
  'build.new': (reading, fact) => ofBuild(reading, fact, { id: fact.id, event: 'started' }),
  'build.finished': (reading, fact) => ofBuild(reading, fact, { id: fact.id, event: 'finished' }),
  'step.started': ofStep, 'step.finished': ofStep, 'buildrequest.new': ofRequest, 'buildrequest.complete': ofRequest, 'buildset.complete': ofBuildset,
  'worker.missing': ofWorker, 'pool.alert': ofPool,
}

const nothing = ({ configuration }: ReportReading, { at }: Fact, event: ReportEvent): Report => ({
  event, at, title: configuration.title, titleURL: configuration.titleURL, builder: null, request: null, build: null, previous: null, buildset: null, builds: [], sourcestamps: [],
  properties: {}, owners: [], logs: {}, tails: {}, worker: null, pool: null,
})

type RequestRow = {
  buildrequestid: number; priority: number; submitted_at: number; waited_for: boolean; results: Result | null; complete: boolean; builderid: number; bsid: number
  name: string; tags: string[]; projectid: number | null; project: string | null; description: string | null; set_name: string
}

async function readRequest({ db }: ReportReading, id: number): Promise<RequestRow | undefined> {
  const { rows: [row] } = await db.pool.query<RequestRow>(
    `SELECT r.id AS buildrequestid, r.priority, floor(extract(epoch FROM r.submitted_at))::float8 AS submitted_at, r.waited_for, r.results, r.state = 'complete' AS complete, r.builder_id AS builderid,
       r.buildset_id AS bsid, u.name, u.tags, u.project_id AS projectid, p.name AS project, u.description, u.set_name
     FROM build_requests r JOIN builders u ON u.id = r.builder_id LEFT JOIN projects p ON p.id = u.project_id WHERE r.id = $1`, [id])
  return row
}

type BuildsetRow = NonNullable<Report['buildset']> & { properties: Properties }

async function readBuildset({ db }: ReportReading, id: number): Promise<BuildsetRow | undefined> {
  const { rows: [row] } = await db.pool.query<BuildsetRow>(
    `SELECT id AS bsid, reason, scheduler, floor(extract(epoch FROM submitted_at))::float8 AS submitted_at, floor(extract(epoch FROM complete_at))::float8 AS complete_at, results,
       external_id AS external_idstring, properties FROM buildsets WHERE id = $1`, [id])
  return row
}

/** What a build, its steps and its request have in common; null: it is another set's. */
async function ofRequestRow(reading: ReportReading, fact: Fact, about: { requestId: number; event: ReportEvent; build: ReadBuild | null }): Promise<Report | null> {
  const request = await readRequest(reading, about.requestId)
  if (!request || request.set_name !== reading.set) return null
  const [buildset, sourcestamps] = await Promise.all([readBuildset(reading, request.bsid), readStamps(reading.db, { buildsetId: request.bsid, buildId: about.build?.buildid ?? null })])
  if (!buildset) return null
  const { properties: asked, ...set } = buildset
  const page = pages(reading.baseUrl)
  const { buildrequestid, priority, submitted_at, waited_for, results, complete, builderid, name, tags, project, description } = request
  const properties = about.build?.properties ?? beforeBuild(reading, request, { asked, sourcestamps })
  return {
    ...nothing(reading, fact, about.event),
    builder: { builderid, name, tags, project, description, url: page.builder(builderid) },
    request: { buildrequestid, priority, submitted_at, waited_for, results: about.event === 'cancelled' ? results : null, complete: about.event === 'cancelled' && complete, url: page.request(buildrequestid) },
    buildset: set, sourcestamps, properties, owners: ownersOf(sourcestamps, properties),
  }
}

/** No build says them yet, and a status that is pending is named by its builder. */
function beforeBuild({ configuration }: ReportReading, { name, builderid, project, projectid }: RequestRow, { asked, sourcestamps }: { asked: Properties; sourcestamps: Report['sourcestamps'] }): Properties {
  const builder = configuration.builders.find(one => one.name === name)
  return propertiesBeforeBuild({ asked, defaults: builder?.defaultProperties ?? {}, builder: { name, id: builderid, project, projectId: projectid, properties: builder?.properties ?? {} }, sourcestamps })
}

async function ofBuild(reading: ReportReading, fact: Fact, { id, event, stepId = null }: { id: number; event: ReportEvent; stepId?: number | null }): Promise<Report | null> {
  const [build] = await readBuilds(reading.db, reading.baseUrl, { condition: 'b.id', value: id, steps: stepId ?? (event === 'started' ? 'none' : 'all') })
  if (!build) return null
  const report = await ofRequestRow(reading, fact, { requestId: build.buildrequestid, event, build })
  if (!report) return null
  const { previous, tags: _tags, builder: _builder, bsid: _bsid, ...told } = build
  return { ...report, previous, build: event === 'started' ? { ...told, complete: false, complete_at: null, results: null, state_string: 'starting', steps: [] } : told }
}

/** With the step itself alone: the messages of a build of thousands of steps would keep each of them thousands of times. */
async function ofStep(reading: ReportReading, fact: Fact): Promise<Report | null> {
  const { rows: [row] } = await reading.db.pool.query<{ build_id: number }>('SELECT build_id FROM steps WHERE id = $1', [fact.id])
  const report = row ? await ofBuild(reading, fact, { id: row.build_id, event: fact.type === 'step.started' ? 'step.started' : 'step.finished', stepId: fact.id }) : null
  const step = report?.build?.steps.find(one => one.stepid === fact.id)
  if (!report?.build || !step) return null
  const asItWas = fact.type === 'step.started' ? { ...step, complete_at: null, results: null, state_string: 'running', urls: [], logs: [] } : step
  return { ...report, step: asItWas, build: { ...report.build, complete: false, complete_at: null, results: null, state_string: 'building', steps: [asItWas] } }
}

async function ofRequest(reading: ReportReading, fact: Fact): Promise<Report | null> {
  if (fact.type === 'buildrequest.complete' && !await endedUnbuilt(reading, fact.id)) return null
  return ofRequestRow(reading, fact, { requestId: fact.id, event: fact.type === 'buildrequest.new' ? 'requested' : 'cancelled', build: null })
}

/** A request whose build says it all is no news, nor is one that another request for the same source took the place of. */
async function endedUnbuilt({ db }: ReportReading, id: number): Promise<boolean> {
  const { rows: [row] } = await db.pool.query<{ told: boolean }>(
    `SELECT r.results IN ($2, $3) AND NOT EXISTS (SELECT 1 FROM builds b WHERE b.build_request_id = r.id AND b.results IS DISTINCT FROM $4)
       AND NOT (r.results = $3 AND EXISTS (SELECT 1 FROM build_requests o JOIN buildset_sourcestamps os ON os.buildset_id = o.buildset_id
         JOIN buildset_sourcestamps rs ON rs.buildset_id = r.buildset_id AND rs.sourcestamp_id = os.sourcestamp_id WHERE o.builder_id = r.builder_id AND o.id > r.id)) AS told
     FROM build_requests r WHERE r.id = $1`, [id, CANCELLED, SKIPPED, RETRY])
  return row?.told ?? false
}

async function ofBuildset(reading: ReportReading, fact: Fact): Promise<Report | null> {
  const buildset = await readBuildset(reading, fact.id)
  const all = buildset ? await readBuilds(reading.db, reading.baseUrl, { condition: 'r.buildset_id', value: fact.id, steps: 'all' }) : []
  const names = new Set(reading.configuration.builders.map(builder => builder.name))
  // Of each request the last: those before it were to be tried again.
  const builds = [...new Map(all.filter(build => names.has(build.builder)).map(build => [build.buildrequestid, build])).values()]
  if (!buildset || builds.length === 0) return null
  const { properties, ...set } = buildset
  const sourcestamps = await readStamps(reading.db, { buildsetId: fact.id, buildId: builds.at(-1)?.buildid ?? null })
  return { ...nothing(reading, fact, 'buildset.finished'), buildset: set, builds, sourcestamps, properties, owners: ownersOf(sourcestamps, properties) }
}

async function ofWorker(reading: ReportReading, fact: Fact): Promise<Report | null> {
  const { rows: [row] } = await reading.db.pool.query<{ workerid: number; name: string; set_name: string; info: { [key: string]: Json }; notify: string[]; last: Date | null }>(
    `SELECT w.id AS workerid, w.name, w.set_name, w.info, w.notify_on_missing AS notify, s.disconnected_at AS last FROM workers w LEFT JOIN worker_sessions s ON s.worker_id = w.id WHERE w.id = $1`, [fact.id])
  if (!row || row.set_name !== reading.set) return null
  const { workerid, name, info, notify, last } = row
  return { ...nothing(reading, fact, 'worker.missing'), worker: { workerid, name, info, notify, last_connection: last?.toISOString() ?? 'never' } }
}

async function ofPool(reading: ReportReading, fact: Fact): Promise<Report | null> {
  const { rows: [row] } = await reading.db.pool.query<{ poolid: number; name: string; alert: string | null; set_name: string }>('SELECT id AS poolid, name, alert, set_name FROM worker_pools WHERE id = $1', [fact.id])
  if (!row || row.alert === null || row.set_name !== reading.set) return null
  return { ...nothing(reading, fact, 'pool.alert'), pool: { poolid: row.poolid, name: row.name, alert: row.alert } }
}
