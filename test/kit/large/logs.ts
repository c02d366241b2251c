import type { Sizes } from '../large-database.js'
import { countsOf } from './history.js'

/** As the engine writes what a worker sends: whole lines, up to 64 kB. */
const LINES_OF_CHUNK = 700
const CHUNKS_AT_ONCE = 1_000
const STEPS = ['git', 'configure', 'compile', 'test', 'upload']

/** Builds have 3, 4 and 5 steps in turns: the last step of the first `builds`. */
const stepsUntil = (builds: string) => `((${builds} / 3) * 12 + CASE ${builds} % 3 WHEN 1 THEN 3 WHEN 2 THEN 7 ELSE 0 END)`

/** Steps with their logs; what the last step of a build printed, and one large log. */
export function logStatements(sizes: Sizes): string[] {
  if (sizes.slim) return []
  const { builds, logLines } = sizes
  const target = builds - countsOf(sizes).running
  const bigLog = `${stepsUntil(String(target - 1))} + 1`
  const chunks = Math.ceil(logLines / LINES_OF_CHUNK)
  return [
    `INSERT INTO steps (id, build_id, number, name, state_string, started_at, complete_at, results, urls, hidden)
     SELECT ${stepsUntil('(b.id - 1)')} + s + 1, b.id, s, (ARRAY['${STEPS.join(`', '`)}'])[s + 1], CASE WHEN b.complete_at IS NULL THEN 'running' ELSE 'finished' END, b.started_at + s * interval '4 seconds',
       CASE WHEN b.complete_at IS NOT NULL THEN b.started_at + (s * 4 + 3.9) * interval '1 second' END, CASE WHEN b.complete_at IS NOT NULL THEN CASE WHEN s = 2 AND b.results = 2 THEN 2 ELSE 0 END END,
       CASE WHEN s = 4 THEN '[{"name": "report", "url": "https://example.org/report"}]'::jsonb ELSE '[]' END, s = 1 AND b.id % 4 = 0
     FROM large_builds b CROSS JOIN LATERAL generate_series(0, 2 + ((b.id - 1) % 3)::int) s ORDER BY b.id, s`,
    `INSERT INTO logs (id, step_id, name, slug, type, complete, num_lines) SELECT id, id, 'stdio', 'stdio', 's', complete_at IS NOT NULL, CASE WHEN number = 2 THEN 4 ELSE 0 END FROM steps ORDER BY id`,
    `INSERT INTO log_chunks (log_id, first_line, last_line, content) SELECT id, 0, 3, convert_to(E'hrunning make\\nocompiling ' || id || E'\\nowarning: nothing of note\\nhprogram finished with exit code 0\\n', 'UTF8') FROM steps WHERE number = 2 ORDER BY id`,
    `INSERT INTO logs (id, step_id, name, slug, type, complete, num_lines) SELECT ${stepsUntil(String(builds))} + row_number() OVER (ORDER BY id), id, 'warnings', 'warnings', 't', true, 0 FROM steps WHERE number = 2 AND id % 5 = 0`,
    `UPDATE logs SET num_lines = ${logLines} WHERE id = ${bigLog}`,
    ...Array.from({ length: Math.ceil(chunks / CHUNKS_AT_ONCE) }, (_, part) => bigChunks({ log: bigLog, logLines, from: part * CHUNKS_AT_ONCE, to: Math.min(chunks, (part + 1) * CHUNKS_AT_ONCE) - 1 })),
  ]
}

function bigChunks({ log, logLines, from, to }: { log: string; logLines: number; from: number; to: number }): string {
  const line = `'o' || rpad('[' || n || '] cc -O2 -Wall -c module_' || n % 977 || '.c -o module_' || n % 977 || '.o', 82, '.') || E'\\n'`
  return `INSERT INTO log_chunks (log_id, first_line, last_line, content)
    SELECT ${log}, c * ${LINES_OF_CHUNK}, least((c + 1) * ${LINES_OF_CHUNK}, ${logLines}) - 1, convert_to(string_agg(${line}, '' ORDER BY n), 'UTF8')
    FROM generate_series(${from}, ${to}) c CROSS JOIN LATERAL generate_series(c * ${LINES_OF_CHUNK}, least((c + 1) * ${LINES_OF_CHUNK}, ${logLines}) - 1) n GROUP BY c ORDER BY c`
}
