import type { Database } from '@yardmaster/db'
import { RETRY, type Properties, type ReportedBuild, type ReportedStep, type Result } from '@yardmaster/domain'

/** Addresses of pages. */
export const pages = (baseUrl: string) => ({
  builder: (builderid: number): string => `${baseUrl}builders/${builderid}`,
  build: ({ builderid, number }: { builderid: number; number: number }): string => `${baseUrl}builders/${builderid}/builds/${number}`,
  request: (id: number): string => `${baseUrl}buildrequests/${id}`,
})

type BuildRow = {
  buildid: number; number: number; builderid: number; builder: string; tags: string[]; buildrequestid: number; bsid: number; workerid: number; worker: string
  started_at: number; complete_at: number | null; results: Result | null; state_string: string; properties: Properties
}
export type ReadBuild = ReportedBuild & { builder: string; tags: string[]; bsid: number; previous: PreviousBuild | null }
export type PreviousBuild = { buildid: number; number: number; results: Result; complete_at: number; url: string }

const SECONDS = (column: string) => `floor(extract(epoch FROM ${column}))::float8`

/** Builds with their steps and what came before them, by one condition on `b` (builds) or `r` (their requests). */
export async function readBuilds(db: Database, baseUrl: string, where: { condition: 'b.id' | 'r.buildset_id'; value: number }): Promise<ReadBuild[]> {
  const { rows } = await db.pool.query<BuildRow>(
    `SELECT b.id AS buildid, b.number, b.builder_id AS builderid, u.name AS builder, u.tags, b.build_request_id AS buildrequestid, r.buildset_id AS bsid, b.worker_id AS workerid, w.name AS worker,
       ${SECONDS('b.started_at')} AS started_at, ${SECONDS('b.complete_at')} AS complete_at, b.results, b.state_string, b.properties
     FROM builds b JOIN builders u ON u.id = b.builder_id JOIN workers w ON w.id = b.worker_id JOIN build_requests r ON r.id = b.build_request_id
     WHERE ${where.condition} = $1 ORDER BY b.id`, [where.value])
  return Promise.all(rows.map(async row => {
    const [steps, previous] = await Promise.all([readSteps(db, row, baseUrl), readPrevious(db, row, baseUrl)])
    return { ...row, complete: row.complete_at !== null, url: pages(baseUrl).build(row), steps, previous }
  }))
}

/** As Buildbot's getPreviousBuild: the one before it that came to an end and was not to be tried again. By the numbers' index, however many there are. */
async function readPrevious(db: Database, { builderid, number }: BuildRow, baseUrl: string): Promise<PreviousBuild | null> {
  const { rows: [row] } = await db.pool.query<Omit<PreviousBuild, 'url'>>(
    `SELECT id AS buildid, number, results, ${SECONDS('complete_at')} AS complete_at FROM builds
     WHERE builder_id = $1 AND number < $2 AND complete_at IS NOT NULL AND results <> $3 ORDER BY number DESC LIMIT 1`, [builderid, number, RETRY])
  return row ? { ...row, url: pages(baseUrl).build({ builderid, number: row.number }) } : null
}

type StepRow = Omit<ReportedStep, 'logs'>
type LogRow = Omit<ReportedStep['logs'][number], 'url'> & { stepid: number }

async function readSteps(db: Database, build: BuildRow, baseUrl: string): Promise<ReportedStep[]> {
  const [{ rows: steps }, { rows: logs }] = await Promise.all([
    db.pool.query<StepRow>(
      `SELECT id AS stepid, number, name, state_string, ${SECONDS('started_at')} AS started_at, ${SECONDS('complete_at')} AS complete_at, results, urls FROM steps WHERE build_id = $1 ORDER BY number`, [build.buildid]),
    db.pool.query<LogRow>(
      `SELECT l.id AS logid, l.step_id AS stepid, l.name, l.slug, l.type, l.num_lines FROM logs l JOIN steps s ON s.id = l.step_id WHERE s.build_id = $1 ORDER BY l.id`, [build.buildid]),
  ])
  const page = pages(baseUrl).build(build)
  return steps.map(step => ({
    ...step,
    logs: logs.filter(log => log.stepid === step.stepid).map(({ logid, name, slug, type, num_lines }) => ({ logid, name, slug, type, num_lines, url: `${page}/steps/${step.number}/logs/${slug}` })),
  }))
}
