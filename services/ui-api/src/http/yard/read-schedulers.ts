import type { Database } from '@yardmaster/db'
import { whenText, type SchedulerConfig } from '@yardmaster/domain'
import type { YardScheduler } from '@yardmaster/rest'

type Row = Pick<YardScheduler, 'id' | 'name' | 'enabled' | 'nextAt' | 'firedAt' | 'silence' | 'tasks'> & {
  trees: number; changes: number; treeAt: number | null; failure: string | null; attempts: number; since: number; againAt: number
}

const epoch = (column: string): string => `extract(epoch FROM ${column})::float8`

const SELECT = `SELECT s.id, s.name, s.enabled, ${epoch('c.due_at')} AS "nextAt", ${epoch('c.fired_at')} AS "firedAt", c.silence,
    t.trees::int, t.changes::int, ${epoch('t.due_at')} AS "treeAt", k.tasks::int, f.failure, f.attempts, ${epoch('f.created_at')} AS since, ${epoch('f.due_at')} AS "againAt"
  FROM schedulers s LEFT JOIN scheduler_clocks c ON c.scheduler_id = s.id
  CROSS JOIN LATERAL (SELECT count(*) AS trees, coalesce(sum(cardinality(change_ids)), 0) AS changes, min(due_at) FILTER (WHERE important AND due_at < 'infinity') AS due_at FROM scheduler_timers t WHERE t.scheduler_id = s.id) t
  CROSS JOIN LATERAL (SELECT count(*) AS tasks FROM scheduler_tasks k WHERE k.scheduler_id = s.id) k
  LEFT JOIN LATERAL (SELECT failure, attempts, created_at, due_at FROM scheduler_tasks f WHERE f.scheduler_id = s.id AND f.failure IS NOT NULL ORDER BY f.id LIMIT 1) f ON true
  WHERE s.active AND s.name = ANY($1) ORDER BY s.name`

/** The schedulers of the active configurations, by name; with `key` the one of this name or number. */
export async function readSchedulers(db: Database, configured: SchedulerConfig[], key?: string): Promise<YardScheduler[]> {
  const byName = new Map(configured.map(scheduler => [scheduler.name, scheduler]))
  const { rows } = await db.pool.query<Row>(SELECT, [[...byName.keys()]])
  return rows.filter(row => key === undefined || row.name === key || String(row.id) === key).map(row => told(row, byName.get(row.name)!))
}

function told({ id, name, enabled, nextAt, firedAt, silence, tasks, trees, changes, treeAt, failure, attempts, since, againAt }: Row, scheduler: SchedulerConfig): YardScheduler {
  return {
    id, name, enabled, kind: scheduler.kind, builders: Array.isArray(scheduler.builders) ? scheduler.builders : null, when: whenText(scheduler), nextAt, firedAt, silence,
    waiting: { trees, changes, nextAt: treeAt }, tasks, trouble: failure === null ? null : { failure, attempts, since, againAt },
  }
}
