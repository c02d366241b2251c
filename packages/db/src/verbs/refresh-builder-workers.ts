import type { Transaction } from '../transaction.js'

/**
 * Says anew which builders these workers serve by their labels (what they report, below what the configuration says): after either has changed.
 * Rows of workers that the configuration names stay. The caller holds the workers' rows.
 */
export async function refreshBuilderWorkers(tx: Transaction, workerIds: readonly number[]): Promise<void> {
  await tx.execute(`DELETE FROM builder_workers g WHERE g.worker_id = ANY($1) AND g.by_label AND NOT EXISTS (${serving} AND b.id = g.builder_id AND w.id = g.worker_id)`, [workerIds])
  await tx.execute(`INSERT INTO builder_workers (builder_id, worker_id, by_label) SELECT b.id, w.id, true ${serving.slice('SELECT'.length)} ON CONFLICT DO NOTHING`, [workerIds])
}

/** Each wanted label is there, with one of its values. */
const serving = `SELECT FROM workers w JOIN builders b ON b.set_name = w.set_name AND b.active AND b.worker_labels IS NOT NULL
  WHERE w.id = ANY($1) AND w.active AND NOT EXISTS (
    SELECT FROM jsonb_each(b.worker_labels) AS l(label, "values") WHERE NOT coalesce(l."values" ? ((w.reported_labels || w.labels) ->> l.label), false))`
