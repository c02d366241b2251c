import type { Sizes } from '../large-database.js'
import { PROJECTS } from './inventory.js'

/** Seconds between two builds. */
const PACE = 30
/** Of so many builds one is tried again: its request is built by the next one. */
const RETRIED_EVERY = 50

/** How many there are of each, of so many builds. */
export function countsOf({ builds }: Sizes) {
  const running = Math.min(Math.ceil(builds / 50), 400)
  const pending = Math.min(Math.ceil(builds / 20), 25_000)
  const requests = builds + pending
  const buildsets = Math.ceil(requests / 12) * 10
  const sourcestamps = Math.ceil(buildsets / 8 / PROJECTS) * PROJECTS
  return { running, pending, requests, buildsets, sourcestamps }
}

/** Of twelve requests the last three are of one buildset. */
const buildsetOf = (request: string) => `((${request} - 1) / 12) * 10 + least((${request} - 1) % 12, 9) + 1`

export function historyStatements(sizes: Sizes): string[] {
  const { builds } = sizes
  const { running, requests, buildsets, sourcestamps } = countsOf(sizes)
  const generation = `(SELECT max(id) FROM generations WHERE set_name = 'main')`
  const at = (n: string) => `(now() - (${builds} - ${n}) * interval '${PACE} seconds')`
  return [
    // A few builders have most of the builds. Each runs where its workers are.
    `CREATE TEMP TABLE large_builds AS
     SELECT n AS id, row_number() OVER (PARTITION BY bl.k ORDER BY n)::int AS number, bl.k, bl.id AS builder_id, bl.project_id, w.id AS worker_id, e.id AS replica_id,
       CASE WHEN n % ${RETRIED_EVERY} = 0 AND n < ${builds} THEN n + 1 ELSE n END AS request_id, ${at('n')} AS started_at,
       CASE WHEN n <= ${builds - running} THEN ${at('n')} + (20 + pg_temp.chance(n, 3) * 2000) * interval '1 second' END AS complete_at,
       CASE WHEN n > ${builds - running} THEN NULL WHEN n % ${RETRIED_EVERY} = 0 THEN 5 WHEN c < 0.78 THEN 0 WHEN c < 0.83 THEN 1 WHEN c < 0.95 THEN 2 WHEN c < 0.96 THEN 3 WHEN c < 0.98 THEN 4 ELSE 6 END AS results
     FROM generate_series(1, ${builds}) n CROSS JOIN LATERAL (SELECT pg_temp.chance(n, 2) AS c, (n - CASE WHEN n % ${RETRIED_EVERY} = 1 THEN 1 ELSE 0 END) AS same) q
     JOIN large_builders bl ON bl.k = floor((SELECT count(*) FROM large_builders) * power(pg_temp.chance(q.same, 1), 2.5))
     JOIN large_workers w ON w.k = (bl.k * 7 + floor(pg_temp.chance(n, 4) * 4)::bigint) % (SELECT count(*) FROM large_workers)
     JOIN LATERAL (SELECT id FROM replicas WHERE role = 'engine' ORDER BY state <> 'alive', id LIMIT 1) e ON true`,
    'CREATE UNIQUE INDEX ON large_builds (id)', 'ANALYZE large_builds',
    `INSERT INTO patches (key, level, subdir, body, author, comment) SELECT encode(sha256(n::text::bytea), 'hex'), 1, '', repeat('+ line of patch ' || n || E'\\n', 100), 'ann', 'try' FROM generate_series(1, 200) n`,
    `INSERT INTO sourcestamps (id, key, codebase, repository, project, branch, revision, patch_id, created_at)
     SELECT n, encode(sha256(n::text::bytea), 'hex'), '', 'https://git.example.org/project-' || (n - 1) % ${PROJECTS} || '.git', 'project-' || (n - 1) % ${PROJECTS},
       CASE WHEN pg_temp.chance(n, 5) < 0.6 THEN 'main' ELSE 'feature/' || n / 100 END, substr(encode(sha256(n::text::bytea), 'hex'), 1, 40), CASE WHEN n % 500 = 0 THEN (SELECT min(id) FROM patches) + n / 500 % 200 END,
       ${at(`n * ${builds / sourcestamps}`)} - interval '5 minutes'
     FROM generate_series(1, ${sourcestamps}) n`,
    `INSERT INTO changes (id, sourcestamp_id, author, committer, comments, branch, revision, revlink, category, repository, codebase, project, properties, files, when_at, received_at, dispatched_at)
     SELECT id, id, 'Author ' || id % 300 || ' <author' || id % 300 || '@example.org>', 'Merger <merge@example.org>', 'Change number ' || id || E'\\n\\n' || repeat('what it does and why; ', 1 + (id % 12)::int), branch, revision,
       repository || '/commit/' || revision, CASE WHEN id % 3 = 0 THEN 'push' END, repository, codebase, project, '{"event": ["push", "Change"]}', (SELECT array_agg('src/module-' || id % 77 || '/file-' || f || '.c') FROM generate_series(0, (id % 9)::int) f),
       created_at - interval '1 minute', created_at, created_at + interval '1 second'
     FROM sourcestamps WHERE id % 10 <> 0 ORDER BY id`,
    `CREATE TEMP TABLE large_requests AS
     SELECT n AS id, ${buildsetOf('n')} AS buildset_id, coalesce(b.builder_id, bl.id) AS builder_id, coalesce(b.k, bl.k) AS k, coalesce(b.project_id, bl.project_id) AS project_id, b.replica_id, b.started_at,
       CASE WHEN b.id IS NULL AND n <= ${builds} THEN ${at('n')} + interval '1 minute' ELSE b.complete_at END AS complete_at, CASE WHEN b.id IS NULL AND n <= ${builds} THEN 3 ELSE b.results END AS results,
       ${at(`least(n, ${builds})`)} - (1 + pg_temp.chance(n, 6) * 60) * interval '1 second' AS submitted_at
     FROM generate_series(1, ${requests}) n LEFT JOIN large_builds b ON b.request_id = n AND (b.id = n)
     JOIN large_builders bl ON bl.k = floor((SELECT count(*) FROM large_builders) * power(pg_temp.chance(n, 1), 2.5))`,
    'ANALYZE large_requests',
    `INSERT INTO build_requests (id, buildset_id, builder_id, project_id, priority, state, replica_id, waited_for, submitted_at, claimed_at, complete_at, results, end_reason)
     SELECT id, buildset_id, builder_id, project_id, (id % 4)::int * 5, CASE WHEN complete_at IS NOT NULL THEN 'complete' WHEN started_at IS NOT NULL THEN 'claimed' ELSE 'pending' END, replica_id, id % 40 = 0,
       submitted_at, started_at, complete_at, results, CASE WHEN started_at IS NULL AND complete_at IS NOT NULL THEN 'a newer request took its place' END FROM large_requests ORDER BY id`,
    `INSERT INTO buildsets (id, external_id, reason, scheduler, actor, generation_id, properties, submitted_at, complete_at, results, remaining, parent_build_id, parent_relationship, rebuilt_build_id)
     SELECT buildset_id, CASE WHEN buildset_id % 7 = 0 THEN 'external-' || buildset_id END, 'The scheduler scheduler-' || buildset_id % 60 || ' triggered this build', 'scheduler-' || buildset_id % 60, 'system:scheduler', ${generation},
       jsonb_build_object('scheduler', jsonb_build_array('scheduler-' || buildset_id % 60, 'Scheduler'), 'owner', jsonb_build_array('author' || buildset_id % 300 || '@example.org', 'Change')), min(submitted_at),
       CASE WHEN count(complete_at) = count(*) THEN max(complete_at) END, CASE WHEN count(complete_at) = count(*) THEN max(results) END, count(*) - count(complete_at),
       CASE WHEN buildset_id % 30 = 0 AND min(id) > 1000 THEN min(id) - 900 END, CASE WHEN buildset_id % 30 = 0 AND min(id) > 1000 THEN 'Triggered from' END, CASE WHEN buildset_id % 90 = 1 AND min(id) > 1000 THEN min(id) - 700 END
     FROM large_requests GROUP BY buildset_id ORDER BY buildset_id`,
    `INSERT INTO buildset_sourcestamps (buildset_id, sourcestamp_id)
     SELECT buildset_id, greatest(1, least(${sourcestamps}, (buildset_id::float8 / ${buildsets} * ${sourcestamps / PROJECTS})::bigint * ${PROJECTS} + min(k) % ${PROJECTS} + 1)) FROM large_requests GROUP BY buildset_id ORDER BY buildset_id`,
    `INSERT INTO builds (id, builder_id, number, project_id, build_request_id, worker_id, replica_id, generation_id, properties, started_at, complete_at, state_string, results)
     SELECT b.id, b.builder_id, b.number, b.project_id, b.request_id, b.worker_id, b.replica_id, ${generation},
       bl.properties || jsonb_build_object('buildnumber', jsonb_build_array(b.number, 'Build'), 'workername', jsonb_build_array('worker-' || b.worker_id, 'Worker'), 'branch', jsonb_build_array('main', 'Build'),
         'got_revision', jsonb_build_array(substr(md5(b.id::text), 1, 32), 'Git'), 'builddir', jsonb_build_array('/srv/worker/' || bl.name, 'Worker'), 'owners', jsonb_build_array(jsonb_build_array('author' || b.id % 300), 'Build')),
       b.started_at, b.complete_at, CASE coalesce(b.results, -1) WHEN -1 THEN 'building' WHEN 0 THEN 'build successful' WHEN 2 THEN 'failed compile (failure)' ELSE 'finished with ' || b.results END, b.results
     FROM large_builds b JOIN large_builders bl ON bl.k = b.k ORDER BY b.id`,
    'UPDATE builders SET next_number = n.next FROM (SELECT builder_id, max(number) + 1 AS next FROM large_builds GROUP BY 1) n WHERE builders.id = n.builder_id',
    `INSERT INTO control_actions (at, actor, action, thing, thing_id, parameters) SELECT ${at('n * 20')}, 'user:author' || n % 300, (ARRAY['stop', 'rebuild', 'cancel'])[1 + n % 3], 'builds', n * 20, '{"reason": "by hand"}' FROM generate_series(1, ${Math.floor(builds / 20)}) n`,
    `INSERT INTO notifications (set_name, reporter, kind, target, subject, delivery, event, summary, payload, state, on_unknown, deadline_at, ended_at, builder_id, build_request_id, build_id)
     SELECT 'main', 'status', 'github', 'project-' || k % ${PROJECTS}, 'build-' || id, 'status', 'build.finished', 'build ' || id || ' ended', '{}', 'sent', 'retry', complete_at, complete_at, builder_id, request_id, id
     FROM large_builds WHERE id % 10 = 0 AND complete_at IS NOT NULL`,
    `INSERT INTO deliveries (source, key, event, repository, payload, set_name, received_at, done_at) SELECT 'github', 'delivery-' || n, 'push', 'example/project-' || n % ${PROJECTS}, '{}', 'main', now() - n * interval '1 minute', now() - n * interval '1 minute' FROM generate_series(1, ${Math.min(Math.ceil(builds / 50), 10_000)}) n`,
    `INSERT INTO instances (pool_id, worker_id, attempt, provider, generation_id, desired, observed, holds_slot, reason, requested_at, created_at, gone_at)
     SELECT (SELECT min(id) FROM worker_pools) + n % 3, w.id, n, 'process', ${generation}, 'gone', 'absent', false, 'builds wait', ${at(`n * 100`)}, ${at(`n * 100`)}, ${at(`n * 100`)} + interval '1 hour'
     FROM generate_series(1, ${Math.floor(builds / 100)}) n JOIN large_workers w ON w.k = n % (SELECT count(*) FROM large_workers)`,
  ]
}
