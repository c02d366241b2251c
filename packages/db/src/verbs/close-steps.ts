import type { Result } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'

/** Steps that were under way, or waited for a lock, when their build was ended from outside end with the build's result, and their logs are complete. */
export async function closeSteps(tx: Transaction, ends: { buildId: number; results: Result }[]): Promise<void> {
  const steps = await tx.query<{ id: number; version: number; build_id: number; number: number; project: string | null }>(
    `UPDATE steps s SET complete_at = now(), results = e.results, state_string = s.state_string || ' (interrupted)', version = s.version + 1
     FROM unnest($1::bigint[], $2::int[]) AS e(build_id, results) JOIN builds b ON b.id = e.build_id LEFT JOIN projects p ON p.id = b.project_id
     WHERE s.build_id = e.build_id AND (s.started_at IS NOT NULL OR s.state_string <> '') AND s.complete_at IS NULL RETURNING s.id, s.version, s.build_id, s.number, p.name AS project`,
    [ends.map(end => end.buildId), ends.map(end => end.results)])
  const logs = await tx.query<{ id: number; version: number; step_id: number; slug: string }>(
    `UPDATE logs SET complete = true, version = version + 1 WHERE step_id = ANY($1) AND NOT complete RETURNING id, version, step_id, slug`, [steps.map(step => step.id)])
  const stepOf = new Map(steps.map(step => [step.id, step]))
  for (const step of steps) tx.publish({ type: 'step.finished', id: step.id, version: step.version, project: step.project, parents: { build: step.build_id, number: step.number } })
  for (const log of logs) {
    const { build_id: build, project } = stepOf.get(log.step_id)!
    tx.publish({ type: 'log.finished', id: log.id, version: log.version, project, parents: { step: log.step_id, build, slug: log.slug } })
  }
}
