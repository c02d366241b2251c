import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { sourceStampKey } from '@yardmaster/domain'
import { startInstallation, type Bench, type Installation } from '../installation.js'
import type { Figure } from '../table.js'

const file = join(import.meta.dirname, '../large/yard.config.ts')
/** Every so many changes one is of a pull request. */
const PULL_EVERY = 50
const REPOSITORY = 'https://git.example.org/interpreter.git'

/** The same builders, and schedulers that build each change at once: every branch its own, all of main two of them. */
const atOnce = `import { defineConfig, schedulers, util } from '@yardmaster/config'
import config from ${JSON.stringify(file)}
const names = config.options.builders.flat(9).map(builder => builder.name)
const of = (name, branch, at) => schedulers.anyBranch({ name, changeFilter: util.changeFilter({ branch }), builders: [names[at]] })
export default defineConfig({ ...config.options, schedulers: [of('main', 'main', 0), of('main too', /^main$/, 1), of('others', /^3[.]/, 2), of('pulls', /^refs.pull/, 3), of('topics', /^topic/, 4)] })
`

type Branches = (n: number) => string
const ofLargeProject: Branches = n => (n % PULL_EVERY === 0 ? `refs/pull/${n}/head` : n % 3 === 0 ? `3.${9 + (n % 7)}` : 'main')
/** Nothing makes anything else needless, and all of it waits for one builder. */
const ofTheirOwn: Branches = n => `topic/${n}`

/** Changes that came while no scheduler was there, of a configuration of the shape of the largest public ones: 8 branches, timers of 30 s and 1 h, pull requests whose builders a function chooses. */
export async function measureDispatch(bench: Bench): Promise<Figure[]> {
  const count = bench.quick ? 1_000 : 10_000
  const large = await dispatch(bench, { count, branches: ofLargeProject, config: `export { default } from ${JSON.stringify(file)}\n` })
  const eager = await dispatch(bench, { count, branches: ofLargeProject, config: atOnce })
  const apart = await dispatch(bench, { count, branches: ofTheirOwn, config: atOnce })
  const cpu = (of: Dispatched): Figure => ({ measure: 'CPU for each: scheduler, PostgreSQL', buildbot: '', budget: '', found: of.cpu, met: null })
  const figure = (what: string, { rate }: Dispatched): Figure => ({ measure: `${count} changes dispatched by one scheduler, ${what}`, buildbot: '', budget: '>= 300 /s', found: `${rate.toFixed(0)} /s`, met: rate >= 300 })
  return [
    figure('1,090 builders', large),
    cpu(large),
    { measure: `${large.buildsets} pull requests among them: until all are in the queue`, buildbot: '', budget: '', found: `${large.queued.toFixed(1)} s (${large.requests} requests)`, met: null },
    figure(`each built at once (${eager.buildsets} buildsets)`, eager),
    cpu(eager),
    figure(`each built at once, none like another, by one builder that collapses (${apart.buildsets} buildsets)`, apart),
    cpu(apart),
  ]
}

type Dispatched = { rate: number; cpu: string; buildsets: number; requests: number; /** Seconds from the first dispatch until the last buildset. */ queued: number }

async function dispatch(bench: Bench, { count, branches, config }: { count: number; branches: Branches; config: string }): Promise<Dispatched> {
  const installation = await startInstallation(bench, { name: 'dispatch', config })
  try {
    await until(bench, installation, `SELECT 1 FROM configuration_sets WHERE active_generation_id IS NOT NULL`)
    await installation.roles.scheduler.stop()
    await addChanges(installation, Array.from({ length: count }, (_, at) => branches(at + 1)))
    const before = installation.cpu()
    await installation.roles.scheduler.start()
    await until(bench, installation, 'SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pending_dispatches)')
    const [dispatched] = await installation.rows<{ seconds: number }>('SELECT extract(epoch FROM max(dispatched_at) - min(dispatched_at))::float8 AS seconds FROM changes')
    const after = installation.cpu()
    await until(bench, installation, 'SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM scheduler_tasks)')
    const [found] = await installation.rows<{ buildsets: number; requests: number; queued: number }>(
      `SELECT count(*) AS buildsets, (SELECT count(*) FROM build_requests) AS requests, extract(epoch FROM max(submitted_at) - (SELECT min(dispatched_at) FROM changes))::float8 AS queued FROM buildsets`)
    // The scheduler's process is a new one: its start is in it.
    const cpu = `${(after.scheduler / count).toFixed(2)}, ${((after.postgres - before.postgres) / count).toFixed(2)} ms`
    return { rate: count / dispatched!.seconds, cpu, ...found! }
  } finally {
    await installation.stop()
  }
}

/** As hooks write them, but in a few statements: how fast they come in is another measure's. */
async function addChanges({ rows }: Installation, branches: string[]): Promise<void> {
  const keys = branches.map((branch, at) => createHash('sha256').update(sourceStampKey({ codebase: '', repository: REPOSITORY, project: '', branch, revision: `rev${at + 1}` })).digest('hex'))
  await rows(
    `WITH wanted AS (
       SELECT n, 'rev' || n AS revision, branch, key, CASE WHEN branch LIKE 'refs/pull/%' THEN 'pull' END AS category FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(branch, key, n)
     ), stamps AS (
       INSERT INTO sourcestamps (key, codebase, repository, project, branch, revision) SELECT key, '', $3, '', branch, revision FROM wanted RETURNING id, revision
     ), made AS (
       INSERT INTO changes (sourcestamp_id, author, comments, branch, revision, category, repository, files, when_at)
       SELECT s.id, 'Ann <ann@example.org>', 'work', w.branch, w.revision, w.category, $3, CASE WHEN n % 10 = 1 THEN ARRAY['Doc/a.rst'] ELSE ARRAY['Lib/a.py', 'Doc/a.rst'] END, now()
       FROM wanted w JOIN stamps s ON s.revision = w.revision ORDER BY n RETURNING id
     )
     INSERT INTO pending_dispatches (set_name, change_id) SELECT 'main', id FROM made`, [branches, keys, REPOSITORY])
  // Not of the empty tables: foreign keys' plans would scan them, and be kept, until somebody analyzes them again.
  await rows('ANALYZE sourcestamps, changes, pending_dispatches')
}

async function until(bench: Bench, { rows, roles }: Installation, sql: string): Promise<void> {
  const deadline = bench.clock.monotonic() + 300_000
  while ((await rows(sql)).length === 0) {
    if (bench.clock.monotonic() > deadline) throw new Error(`not within 300 s: ${sql}\n${roles.scheduler.lines.slice(-10).join('\n')}`)
    await bench.clock.sleep(20)
  }
}
