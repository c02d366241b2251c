import type { Database } from '@yardmaster/db'
import { readSourcestamps, type SourcestampRow } from '@yardmaster/db/verbs/find-claimable'
import type { Json, Properties, SourceStampData } from '@yardmaster/domain'
import type { Generations } from '@yardmaster/replica'
import { builderOf, type BuildData, type JournalEntry, type LogData, type StepData } from './build-data.js'

type BuildRow = {
  id: number; number: number; builderId: number; builderKey: string; workerId: number; buildsetId: number; requestId: number
  project: string | null; reason: string; generationId: number; properties: Properties; stopReason: string | null; complete: boolean
}

/** A build that is under way, as the rows have it, to be driven on from there. Null when it has ended. */
export async function loadBuild(db: Database, generations: Generations, buildId: number): Promise<BuildData | null> {
  const { rows } = await db.pool.query<BuildRow>(
    `SELECT b.id, b.number, b.builder_id AS "builderId", u.key AS "builderKey", b.worker_id AS "workerId", s.id AS "buildsetId", r.id AS "requestId",
       p.name AS project, s.reason, b.generation_id AS "generationId", b.properties, b.complete_at IS NOT NULL AS complete,
       CASE WHEN b.stop_requested_at IS NOT NULL THEN coalesce(b.stop_reason, '') END AS "stopReason"
     FROM builds b JOIN builders u ON u.id = b.builder_id JOIN build_requests r ON r.id = b.build_request_id
     JOIN buildsets s ON s.id = r.buildset_id LEFT JOIN projects p ON p.id = b.project_id WHERE b.id = $1`, [buildId])
  const row = rows[0]
  if (!row || row.complete) return null
  const generation = await generations.get(row.generationId)
  const builder = builderOf(generation, row.builderKey)
  if (!builder) throw new Error(`build ${buildId} is of builder ${row.builderKey}, which its generation ${row.generationId} does not have`)
  const [stamps, steps] = await Promise.all([readSourcestamps(db, [row.buildsetId]), loadSteps(db, buildId)])
  const { id, number, builderId, workerId, buildsetId, project, requestId, reason, properties, stopReason } = row
  return {
    ref: { id, number, builderId, workerId, buildsetId, project },
    requestId, reason, generation, builder, properties, steps, stopReason,
    sourcestamps: byCodebase(stamps.get(buildsetId) ?? []),
  }
}

export function byCodebase(stamps: SourcestampRow[]): { [codebase: string]: SourceStampData } {
  return Object.fromEntries(stamps.map(({ codebase, repository, project, branch, revision, patch }) => [codebase, { codebase, repository, project, branch, revision, ...(patch ? { patch } : {}) }]))
}

async function loadSteps(db: Database, buildId: number): Promise<StepData[]> {
  const { rows: steps } = await db.pool.query<Omit<StepData, 'logs' | 'journal'>>(
    'SELECT id, number, results, started_at IS NOT NULL AS "startedAt", urls FROM steps WHERE build_id = $1 ORDER BY number', [buildId])
  const { rows: logs } = await db.pool.query<LogData & { step_id: number }>(
    'SELECT l.id, l.step_id, l.name, l.slug, l.num_lines AS "numLines", l.complete FROM logs l JOIN steps s ON s.id = l.step_id WHERE s.build_id = $1', [buildId])
  const { rows: journal } = await db.pool.query<Omit<JournalEntry, 'outcome'> & { step_number: number; outcome: string | null }>(
    `SELECT step_number, n, kind, fingerprint, seq, first_line AS "firstLine", process_id AS "processId", ranges, position, outcome IS NOT NULL AS ended, outcome #>> '{}' AS outcome FROM effects WHERE build_id = $1 ORDER BY n`, [buildId])
  return steps.map(step => ({
    ...step,
    logs: logs.filter(log => log.step_id === step.id),
    journal: journal.filter(entry => entry.step_number === step.number).map(entry => ({ ...entry, outcome: JSON.parse(entry.outcome ?? 'null') as Json })),
  }))
}
