import type { Sizes } from '../large-database.js'

export const PROJECTS = 20
/** Builder n is `tests-PLATFORM-n`. */
export const platforms = ['debian-12', 'fedora-41', 'windows-11', 'macos-15', 'freebsd-14']
/** Workers of one builder. */
const WORKERS_EACH = 4

/**
 * What is configured, as far as the database does not have it yet: projects, workers with sessions, builders, replicas, schedulers, change sources, pools.
 * Leaves the temporary tables large_builders (k, id, project_id, properties) and large_workers (k, id), and the function pg_temp.chance(of, salt).
 */
export function inventoryStatements({ builders, workers, slim }: Sizes): string[] {
  return [
    // The same chance for the same row in every run.
    `CREATE FUNCTION pg_temp.chance(bigint, bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT (hashint8extended($1, $2) & 9007199254740991) / 9007199254740992.0 $$`,
    `INSERT INTO configuration_sets (name) VALUES ('main') ON CONFLICT DO NOTHING`,
    `INSERT INTO generations (set_name, digest, code, configuration, activated_at) SELECT 'main', 'large', '', '{}', now() WHERE NOT EXISTS (SELECT 1 FROM generations WHERE set_name = 'main')`,
    `INSERT INTO projects (name, slug, description) SELECT 'project-' || p, 'project-' || p, 'Project number ' || p FROM generate_series(0, ${PROJECTS - 1}) p ON CONFLICT DO NOTHING`,
    `INSERT INTO replicas (role, name, host, pid, software_version, state, stopped_at, started_at, seen_at)
     SELECT 'engine', 'engine-' || n % 3, 'host-' || n % 3, 1000 + n, '0.1.0', CASE WHEN n <= 3 THEN 'alive' ELSE 'dead' END, CASE WHEN n > 3 THEN now() - n * interval '10 days' END, now() - n * interval '11 days', now() - n * interval '10 days'
     FROM generate_series(1, 30) n`,
    `INSERT INTO worker_pools (name, set_name) SELECT 'pool-' || n, 'main' FROM generate_series(1, 3) n ON CONFLICT DO NOTHING`,
    `INSERT INTO workers (name, set_name, info, labels)
     SELECT 'worker-' || n, 'main', jsonb_build_object('admin', 'Team ' || n % 12 || ' <team@example.org>', 'host', 'rack-' || n % 40, 'version', '0.1.0', 'numcpus', 8 + n % 56, 'system', 'Linux', 'basedir', '/srv/worker-' || n, 'environ', jsonb_build_object('PATH', '/usr/local/bin:/usr/bin:/bin', 'LANG', 'C.UTF-8')),
       jsonb_build_object('os', (ARRAY['linux', 'windows', 'macos'])[1 + n % 3])
     FROM generate_series(1, ${workers} - (SELECT count(*) FROM workers)) n ON CONFLICT DO NOTHING`,
    `INSERT INTO worker_sessions (worker_id, number, replica_id, process_id, connected, connected_at)
     SELECT w.id, 1, (SELECT id FROM replicas WHERE role = 'engine' AND state = 'alive' ORDER BY id LIMIT 1 OFFSET 0), 'process-' || w.id, w.id % 20 <> 0, now() - interval '3 hours' FROM workers w ON CONFLICT DO NOTHING`,
    `CREATE TEMP TABLE large_workers AS SELECT row_number() OVER (ORDER BY id) - 1 AS k, id FROM workers`,
    `INSERT INTO builders (key, name, set_name, project_id, description, tags, active)
     SELECT name, name, 'main', CASE WHEN n % 50 <> 0 THEN (SELECT id FROM projects WHERE name = 'project-' || n % ${PROJECTS}) END, 'Runs the tests of project ' || n % ${PROJECTS} || ' on ' || platform,
       ARRAY[platform, 'tier-' || 1 + n % 3] || CASE WHEN n % 5 = 0 THEN ARRAY['nightly'] ELSE '{}' END, n % 33 <> 0
     FROM generate_series(1, ${builders} - (SELECT count(*) FROM builders)) n
     CROSS JOIN LATERAL (SELECT (ARRAY['${platforms.join(`', '`)}'])[1 + n % 5] AS platform) p
     CROSS JOIN LATERAL (SELECT 'tests-' || platform || '-' || n AS name) q ON CONFLICT DO NOTHING`,
    `CREATE TEMP TABLE large_builders AS SELECT row_number() OVER (ORDER BY b.id) - 1 AS k, b.id, b.project_id, b.name, '{}'::jsonb AS properties FROM builders b`,
    `INSERT INTO builder_workers (builder_id, worker_id) SELECT b.id, w.id FROM large_builders b CROSS JOIN generate_series(0, ${WORKERS_EACH - 1}) s JOIN large_workers w ON w.k = (b.k * 7 + s) % (SELECT count(*) FROM large_workers) ON CONFLICT DO NOTHING`,
    `UPDATE large_builders b SET properties = (
       SELECT jsonb_object_agg(CASE n WHEN 1 THEN 'buildername' WHEN 2 THEN 'project' WHEN 3 THEN 'repository' ELSE 'option_' || n END,
         CASE n WHEN 1 THEN jsonb_build_array(b.name, 'Builder') WHEN 2 THEN jsonb_build_array('project-' || b.k % ${PROJECTS}, 'Build')
           ELSE jsonb_build_array('value of ' || n || ' for ' || b.k, CASE n % 3 WHEN 0 THEN 'Builder' WHEN 1 THEN 'Scheduler' ELSE 'Change' END) END)
       FROM generate_series(1, ${slim ? 3 : '14 + (b.k * 3) % 21'}) n)`,
    `INSERT INTO schedulers (name, set_name, kind) SELECT 'scheduler-' || n, 'main', (ARRAY['singleBranch', 'force', 'nightly'])[1 + n % 3] FROM generate_series(1, 60) n ON CONFLICT DO NOTHING`,
    `INSERT INTO change_sources (name, set_name, kind) SELECT 'https://git.example.org/project-' || n || '.git', 'main', 'gitPoller' FROM generate_series(0, ${PROJECTS - 1}) n ON CONFLICT DO NOTHING`,
    'CREATE UNIQUE INDEX ON large_workers (k)', 'CREATE UNIQUE INDEX ON large_builders (k)', 'ANALYZE large_workers', 'ANALYZE large_builders', 'ANALYZE replicas',
  ]
}
