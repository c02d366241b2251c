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

/** Which of the builds' steps are told of: all, none, or one by its id. */
type StepsWanted = 'all' | 'none' | number

/** Builds with their steps and what came before them, by one condition on `b` (builds) or `r` (their requests): a few queries, however many builds and steps. */
export async function readBuilds(db: Database, baseUrl: string, where: { condition: 'b.id' | 'r.buildset_id'; value: number; steps: StepsWanted }): Promise<ReadBuild[]> {
  const { rows } = await db.pool.query<BuildRow>(
    `SELECT b.id AS buildid, b.number, b.builder_id AS builderid, u.name AS builder, u.tags, b.build_request_id AS buildrequestid, r.buildset_id AS bsid, b.worker_id AS workerid, w.name AS worker,
       ${SECONDS('b.started_at')} AS started_at, ${SECONDS('b.complete_at')} AS complete_at, b.results, b.state_string, b.properties
     FROM builds b JOIN builders u ON u.id = b.builder_id JOIN workers w ON w.id = b.worker_id JOIN build_requests r ON r.id = b.build_request_id
     WHERE ${where.condition} = $1 ORDER BY b.id`, [where.value])
  const ids = rows.map(row => row.buildid)
  const [steps, previous] = await Promise.all([where.steps === 'none' ? new Map<number, StepRow[]>() : readSteps(db, ids, where.steps), readPrevious(db, ids)])
  return rows.map(row => {
    const url = pages(baseUrl).build(row)
    const before = previous.get(row.buildid)
    return {
      ...row, complete: row.complete_at !== null, url,
      steps: (steps.get(row.buildid) ?? []).map(({ build: _build, logs, ...step }) => ({ ...step, logs: logs.map(log => ({ ...log, url: `${url}/steps/${step.number}/logs/${log.slug}` })) })),
      previous: before ? { buildid: before.buildid, number: before.number, results: before.results, complete_at: before.complete_at, url: pages(baseUrl).build({ builderid: row.builderid, number: before.number }) } : null,
    }
  })
}

type PreviousRow = Omit<PreviousBuild, 'url'> & { of: number }

/** As Buildbot's getPreviousBuild: the one before it that came to an end and was not to be tried again. By the numbers' index, however many there are. */
async function readPrevious(db: Database, ids: number[]): Promise<Map<number, PreviousRow>> {
  const { rows } = await db.pool.query<PreviousRow>(
    `SELECT b.id AS of, p.id AS buildid, p.number, p.results, ${SECONDS('p.complete_at')} AS complete_at FROM builds b CROSS JOIN LATERAL (
       SELECT id, number, results, complete_at FROM builds WHERE builder_id = b.builder_id AND number < b.number AND complete_at IS NOT NULL AND results <> $2 ORDER BY number DESC LIMIT 1) p
     WHERE b.id = ANY($1::bigint[])`, [ids, RETRY])
  return new Map(rows.map(row => [row.of, row]))
}

type LogRow = Omit<ReportedStep['logs'][number], 'url'>
type StepRow = Omit<ReportedStep, 'logs'> & { build: number; logs: LogRow[] }

async function readSteps(db: Database, ids: number[], wanted: 'all' | number): Promise<Map<number, StepRow[]>> {
  const only = wanted === 'all' ? null : wanted
  const [{ rows: steps }, { rows: logs }] = await Promise.all([
    db.pool.query<Omit<StepRow, 'logs'>>(
      `SELECT id AS stepid, build_id AS build, number, name, state_string, ${SECONDS('started_at')} AS started_at, ${SECONDS('complete_at')} AS complete_at, results, urls FROM steps
       WHERE build_id = ANY($1::bigint[]) AND ($2::bigint IS NULL OR id = $2) ORDER BY build_id, number`, [ids, only]),
    db.pool.query<LogRow & { stepid: number }>(
      `SELECT l.id AS logid, l.step_id AS stepid, l.name, l.slug, l.type, l.num_lines FROM logs l JOIN steps s ON s.id = l.step_id
       WHERE s.build_id = ANY($1::bigint[]) AND ($2::bigint IS NULL OR s.id = $2) ORDER BY l.id`, [ids, only]),
  ])
  const logsOf = groupedBy(logs, log => log.stepid)
  const whole = steps.map(step => ({ ...step, logs: (logsOf.get(step.stepid) ?? []).map(({ stepid: _step, ...log }) => log) }))
  return groupedBy(whole, step => step.build)
}

function groupedBy<T>(items: readonly T[], keyOf: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
