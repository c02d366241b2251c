import { reportedEvents, repositoryKey, type Configuration } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { resizeLocks } from './resize-locks.js'
import { refreshBuilderWorkers } from './refresh-builder-workers.js'

export type NewGeneration = { set: string; digest: string; code: string; configuration: Configuration }

/** Another configuration set has a name of this one: nothing was activated. */
export class NamesTaken extends Error {
  override readonly name = 'NamesTaken'
}

/**
 * A replica brings a version of a configuration set. One never seen is stored and becomes active; a known one changes nothing
 * (going back to it is an explicit act), so replicas that start with different files on disk do not fight.
 * Returns the id of the generation and whether this call activated it.
 */
export async function activateGeneration(tx: Transaction, generation: NewGeneration): Promise<{ id: number; activated: boolean }> {
  const { set, digest, code, configuration } = generation
  await tx.execute('INSERT INTO configuration_sets (name) VALUES ($1) ON CONFLICT DO NOTHING', [set])
  // Neither more than that, nor written before the end: a change that is accepted refers to the set, and need not wait for all of this.
  await tx.execute('SELECT 1 FROM configuration_sets WHERE name = $1 FOR NO KEY UPDATE', [set])
  const [known] = await tx.query<{ id: number }>('SELECT id FROM generations WHERE set_name = $1 AND digest = $2', [set, digest])
  if (known) return { id: known.id, activated: false }
  const [row] = await tx.query<{ id: number }>(
    `INSERT INTO generations (set_name, digest, code, configuration, activated_at) VALUES ($1, $2, $3, $4::jsonb, now()) RETURNING id`,
    [set, digest, code, JSON.stringify(configuration)])
  await makeActive(tx, { id: row!.id, set, configuration })
  return { id: row!.id, activated: true }
}

/** What the configuration names is there, what it does not is not any more; the set's row is held by the caller. Throws NamesTaken. */
export async function makeActive(tx: Transaction, { id, set, configuration }: { id: number; set: string; configuration: Configuration }): Promise<void> {
  // One set after the other: each sees the names of those before it; and either it sees a change that is just accepted, or that one sees it (addPending).
  await tx.execute('SELECT 1 FROM installation FOR UPDATE')
  await refuseTakenNames(tx, set, configuration)
  await takeUpChanges(tx, set)
  await projectRows(tx, configuration)
  await poolRows(tx, set, configuration)
  await workerRows(tx, set, configuration)
  await resizeLocks(tx, id, configuration)
  await builderRows(tx, set, configuration)
  await schedulerRows(tx, set, configuration)
  await changeSourceRows(tx, set, configuration)
  await tx.execute('UPDATE configuration_sets SET active_generation_id = $2, cancels_old = $3, cancels_failing = $4, reports = $5, version = version + 1 WHERE name = $1',
    [set, id, configuration.cancellers.some(canceller => canceller.kind === 'oldBuild'), configuration.cancellers.some(canceller => canceller.kind === 'failingBuildset'), reportedEvents(configuration)])
  tx.wake('generations')
  tx.wake('requests')
}

/** Builders, workers and schedulers are known by their names everywhere. Throws when another set has one of them. */
async function refuseTakenNames(tx: Transaction, set: string, { builders, workers, pools, schedulers }: Configuration): Promise<void> {
  const taken = await tx.query<{ what: string }>(
    `SELECT 'builder ' || name || ' of set ' || set_name AS what FROM builders WHERE active AND set_name <> $1 AND (name = ANY($2) OR key = ANY($3))
     UNION ALL SELECT 'worker ' || name || ' of set ' || set_name FROM workers WHERE active AND set_name <> $1 AND name = ANY($4)
     UNION ALL SELECT 'pool ' || name || ' of set ' || set_name FROM worker_pools WHERE active AND set_name <> $1 AND name = ANY($6)
     UNION ALL SELECT 'scheduler ' || name || ' of set ' || set_name FROM schedulers WHERE active AND set_name <> $1 AND name = ANY($5)`,
    [set, builders.map(builder => builder.name), builders.map(builder => builder.key), workers.map(worker => worker.name), schedulers.map(scheduler => scheduler.name), pools.map(pool => pool.name)])
  if (taken.length > 0) throw new NamesTaken(`configuration set ${set} has names that another set has: ${taken.map(row => row.what).join(', ')}; names are unique in the installation`)
}

/** What was accepted before there was any set waits for the first one; of a later one it is none of the business. */
async function takeUpChanges(tx: Transaction, set: string): Promise<void> {
  await tx.execute(
    `INSERT INTO pending_dispatches (set_name, change_id) SELECT $1, id FROM changes
     WHERE dispatched_at IS NULL AND NOT EXISTS (SELECT 1 FROM configuration_sets s WHERE s.name <> $1)
     ON CONFLICT DO NOTHING`, [set])
}

async function projectRows(tx: Transaction, { projects }: Configuration): Promise<void> {
  const present = await tx.query<{ id: number; version: number; project: string }>(
    `INSERT INTO projects (name, slug, description)
     SELECT name, slug, description FROM jsonb_to_recordset($1::jsonb) AS p(name text, slug text, description text)
     ON CONFLICT (name) DO UPDATE SET slug = excluded.slug, description = excluded.description, active = true, version = projects.version + 1 RETURNING id, version, name AS project`,
    [JSON.stringify(projects)])
  for (const project of present) tx.publish({ type: 'project.update', ...project })
}

async function poolRows(tx: Transaction, set: string, { pools }: Configuration): Promise<void> {
  const names = pools.map(pool => pool.name)
  await tx.execute('SELECT 1 FROM worker_pools WHERE set_name = $1 OR name = ANY($2) ORDER BY id FOR NO KEY UPDATE', [set, names])
  await tx.execute('UPDATE worker_pools SET active = false, version = version + 1 WHERE set_name = $1 AND active AND NOT name = ANY($2)', [set, names])
  // Somebody has changed something: what stopped the pool may be mended.
  const changed = await tx.query<{ id: number; version: number }>(
    `INSERT INTO worker_pools (name, set_name) SELECT unnest($1::text[]), $2
     ON CONFLICT (name) DO UPDATE SET set_name = excluded.set_name, active = true, alert = NULL, alerted_at = NULL, failures = 0, backoff_until = NULL, backoff_reason = NULL, version = worker_pools.version + 1
     RETURNING id, version`, [names, set])
  for (const pool of changed) tx.publish({ type: 'pool.updated', ...pool, project: null })
  tx.wake('instances')
}

async function workerRows(tx: Transaction, set: string, { workers }: Configuration): Promise<void> {
  const names = workers.map(worker => worker.name)
  // In everybody's order, which need not be that of the configuration.
  await tx.execute('SELECT 1 FROM workers WHERE set_name = $1 OR name = ANY($2) ORDER BY id FOR NO KEY UPDATE', [set, names])
  await tx.execute('UPDATE workers SET active = false, version = version + 1 WHERE set_name = $1 AND active AND NOT name = ANY($2)', [set, names])
  const rows = workers.map((worker, position) => ({
    name: worker.name, max_builds: worker.maxBuilds, capacity: worker.capacity, labels: worker.labels, notes: worker.notes, quarantine: worker.quarantine,
    downtime: worker.downtime, missing_timeout: worker.missingTimeout, notify_on_missing: worker.notifyOnMissing, pool: worker.pool, position,
  }))
  const changed = await tx.query<{ id: number; version: number }>(
    `INSERT INTO workers (name, set_name, max_builds, capacity, labels, notes, quarantine, downtime, missing_timeout, notify_on_missing, pool_id)
     SELECT name, $2, max_builds, capacity, labels, notes, quarantine, downtime, missing_timeout, notify_on_missing, (SELECT p.id FROM worker_pools p WHERE p.name = w.pool)
     FROM jsonb_to_recordset($1::jsonb) AS w(name text, max_builds int, capacity int, labels jsonb, notes text, quarantine jsonb, downtime jsonb,
       missing_timeout int, notify_on_missing text[], pool text, position int) ORDER BY position
     ON CONFLICT (name) DO UPDATE SET set_name = excluded.set_name, max_builds = excluded.max_builds, capacity = excluded.capacity, labels = excluded.labels,
       notes = excluded.notes, quarantine = excluded.quarantine, downtime = excluded.downtime, missing_timeout = excluded.missing_timeout,
       notify_on_missing = excluded.notify_on_missing, pool_id = excluded.pool_id, expected_since = CASE WHEN workers.active THEN workers.expected_since ELSE now() END,
       active = true, version = workers.version + 1
     RETURNING id, version`,
    [JSON.stringify(rows), set])
  await tx.execute('INSERT INTO worker_sessions (worker_id) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING', [changed.map(worker => worker.id)])
  for (const worker of changed) tx.publish({ type: 'worker.state_updated', ...worker, project: null })
}

async function builderRows(tx: Transaction, set: string, { builders }: Configuration): Promise<void> {
  const keys = builders.map(builder => builder.key)
  await tx.execute('SELECT 1 FROM builders WHERE set_name = $1 OR key = ANY($2) ORDER BY id FOR NO KEY UPDATE', [set, keys])
  // Before the others, so that a name which moved to another key is free.
  const removed = await tx.query<{ id: number; version: number }>(
    'UPDATE builders SET active = false, version = version + 1 WHERE set_name = $1 AND active AND NOT key = ANY($2) RETURNING id, version', [set, keys])
  const rows = builders.map(({ key, name, project, description, tags, workers, workerLabels, units, collapseRequests, maxPending, noWorkerTimeout }, position) => ({
    key, name, project, description, tags, workers, labels: workerLabels, units, collapse: collapseRequests === true, asks: typeof collapseRequests === 'object', position,
    max: maxPending?.limit, max_action: maxPending?.action, no_worker: noWorkerTimeout?.after, no_worker_action: noWorkerTimeout?.action,
  }))
  const present = await tx.query<{ id: number; version: number }>(
    `INSERT INTO builders (key, name, set_name, project_id, description, tags, units, worker_labels, collapse_requests, collapse_by_function, max_pending, max_pending_action, no_worker_after, no_worker_action)
     SELECT b.key, b.name, $2, p.id, b.description, b.tags, b.units, nullif(b.labels, 'null'), b.collapse, b.asks, b.max, b.max_action, b.no_worker, b.no_worker_action
     FROM jsonb_to_recordset($1::jsonb) AS b(key text, name text, project text, description text, tags text[], units int, labels jsonb, collapse boolean, asks boolean, max int, max_action text, no_worker int, no_worker_action text, position int) LEFT JOIN projects p ON p.name = b.project ORDER BY b.position
     ON CONFLICT (key) DO UPDATE SET name = excluded.name, set_name = excluded.set_name, project_id = excluded.project_id,
       description = excluded.description, tags = excluded.tags, units = excluded.units, worker_labels = excluded.worker_labels, collapse_requests = excluded.collapse_requests, collapse_by_function = excluded.collapse_by_function,
       max_pending = excluded.max_pending, max_pending_action = excluded.max_pending_action, no_worker_after = excluded.no_worker_after, no_worker_action = excluded.no_worker_action, active = true, version = builders.version + 1
     RETURNING id, version`,
    [JSON.stringify(rows), set])
  // Only what differs: 1,100 builders of 50 workers are 55,000 rows, which took seconds at every change of the configuration.
  const named = `SELECT DISTINCT b.id AS builder_id, w.id AS worker_id FROM jsonb_to_recordset($1::jsonb) AS r(key text, workers text[])
    JOIN builders b ON b.key = r.key CROSS JOIN LATERAL unnest(r.workers) AS n(name) JOIN workers w ON w.name = n.name`
  await tx.execute(
    `WITH named AS MATERIALIZED (${named}) DELETE FROM builder_workers g USING builders b
     WHERE b.id = g.builder_id AND b.set_name = $2 AND NOT EXISTS (SELECT FROM named n WHERE n.builder_id = g.builder_id AND n.worker_id = g.worker_id)`, [JSON.stringify(rows), set])
  await tx.execute(
    `INSERT INTO builder_workers (builder_id, worker_id) SELECT n.builder_id, n.worker_id FROM (${named}) n
     LEFT JOIN builder_workers g ON g.builder_id = n.builder_id AND g.worker_id = n.worker_id WHERE g.worker_id IS NULL OR g.by_label
     ON CONFLICT (builder_id, worker_id) DO UPDATE SET by_label = false`, [JSON.stringify(rows)])
  const workers = await tx.query<{ id: number }>('SELECT id FROM workers WHERE set_name = $1 AND active', [set])
  await refreshBuilderWorkers(tx, workers.map(worker => worker.id))
  for (const builder of removed) tx.publish({ type: 'builder.stopped', ...builder, project: null })
  for (const builder of present) tx.publish({ type: 'builder.started', ...builder, project: null })
}

async function schedulerRows(tx: Transaction, set: string, { schedulers }: Configuration): Promise<void> {
  await tx.execute('UPDATE schedulers SET active = false, version = version + 1 WHERE set_name = $1 AND active AND NOT name = ANY($2)', [set, schedulers.map(scheduler => scheduler.name)])
  const changed = await tx.query<{ id: number; version: number }>(
    `INSERT INTO schedulers (name, set_name, kind, upstream)
     SELECT name, $2, kind, upstream FROM jsonb_to_recordset($1::jsonb) AS s(name text, kind text, upstream text)
     ON CONFLICT (name) DO UPDATE SET set_name = excluded.set_name, kind = excluded.kind, upstream = excluded.upstream, active = true, version = schedulers.version + 1
     RETURNING id, version`,
    [JSON.stringify(schedulers.map(scheduler => ({ name: scheduler.name, kind: scheduler.kind, upstream: scheduler.kind === 'dependent' ? scheduler.upstream : null }))), set])
  for (const scheduler of changed) tx.publish({ type: 'scheduler.updated', ...scheduler, project: null })
}

async function changeSourceRows(tx: Transaction, set: string, { changeSources }: Configuration): Promise<void> {
  await tx.execute('UPDATE change_sources SET active = false, version = version + 1 WHERE set_name = $1 AND active AND NOT name = ANY($2)', [set, changeSources.map(source => source.name)])
  // The state stays: a source that comes back goes on where it stopped.
  await tx.execute(
    `INSERT INTO change_sources (name, set_name, kind, reconciles, due_at)
     SELECT name, $2, kind, reconciles, CASE WHEN launch THEN now() ELSE now() + make_interval(secs => seconds) END FROM jsonb_to_recordset($1::jsonb) AS s(name text, kind text, reconciles text, seconds float8, launch boolean)
     ON CONFLICT (name) DO UPDATE SET set_name = excluded.set_name, kind = excluded.kind, reconciles = excluded.reconciles, active = true, version = change_sources.version + 1,
       due_at = CASE WHEN change_sources.active AND change_sources.due_at IS NOT NULL AND excluded.due_at IS NOT NULL THEN least(change_sources.due_at, excluded.due_at) ELSE excluded.due_at END`,
    [JSON.stringify(changeSources.map(({ name, kind, pollInterval, pollAtLaunch, reconciles, repository }) =>
      ({ name, kind, reconciles: reconciles === null ? null : repositoryKey(repository), seconds: pollInterval, launch: pollAtLaunch }))), set])
  tx.wake('polls')
}
