import { startInstallation, trivialConfig, type Bench, type Installation } from '../installation.js'
import { StubFleet, workerNames } from '../stub-fleet.js'
import type { Figure } from '../table.js'

const WORKERS = 50
const BUILDERS = 1_100
/** Builds that run while code is compiled and workers connect: not counted. */
const WARM = 100

/** A start with a long queue, and whether the queue's length slows claiming. */
export async function measureBacklog(bench: Bench): Promise<Figure[]> {
  const [few, many, counted] = bench.quick ? [400, 4_000, 300] : [1_100, 25_000, 1_000]
  const short = await drain(bench, few, counted)
  const long = await drain(bench, many, counted)
  return [
    { measure: `engine start with ${many} pending, to its first build`, buildbot: 'minutes', budget: '<= 3 s', found: `${long.firstBuild.toFixed(1)} s`, met: long.firstBuild <= 3 },
    {
      measure: `builds from a queue of ${many}, and of ${few}`, buildbot: '', budget: 'as fast',
      found: `${long.perSecond.toFixed(0)} /s, and ${short.perSecond.toFixed(0)} /s (n=${counted})`, met: long.perSecond >= 0.9 * short.perSecond,
    },
  ]
}

/** Starts the engine on a queue of that length; answers when its first build began, s, and how fast the next `counted` ended. */
async function drain(bench: Bench, pending: number, counted: number): Promise<{ firstBuild: number; perSecond: number }> {
  const installation = await startInstallation(bench, { name: `backlog${pending}`, config: trivialConfig({ workers: WORKERS, builders: BUILDERS, maxBuilds: 1 }) })
  await installation.roles.engine.stop()
  await addPending(installation, pending)
  const fleet = new StubFleet({ url: installation.workerUrl, names: workerNames(WORKERS) })
  try {
    const began = bench.clock.now()
    await installation.roles.engine.start()
    await untilEnded(bench, installation, WARM + counted)
    const [row] = await installation.rows<{ first: Date; seconds: number }>(
      `SELECT (SELECT min(started_at) FROM builds) AS first, extract(epoch FROM max(complete_at) - min(complete_at))::float AS seconds
       FROM (SELECT complete_at FROM builds WHERE complete_at IS NOT NULL ORDER BY complete_at OFFSET $1 LIMIT $2) AS part`, [WARM, counted])
    return { firstBuild: (row!.first.getTime() - began) / 1000, perSecond: counted / row!.seconds }
  } finally {
    await fleet.stop()
    await installation.stop()
  }
}

/** As the verb writes them, but thousands in one statement: the queue is what is wanted here, not the way into it. */
async function addPending({ rows }: Installation, count: number): Promise<void> {
  await rows(
    `WITH made AS (
       INSERT INTO buildsets (reason, scheduler, actor, generation_id, remaining)
       SELECT 'backlog', 'force', 'system:bench', (SELECT active_generation_id FROM configuration_sets WHERE name = 'main'), 1 FROM generate_series(1, $1) RETURNING id
     ), numbered AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM made),
     served AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM builders WHERE active)
     INSERT INTO build_requests (buildset_id, builder_id) SELECT numbered.id, served.id FROM numbered JOIN served ON served.n = numbered.n % $2`,
    [count, BUILDERS])
  await rows('ANALYZE')
}

async function untilEnded(bench: Bench, { rows, roles }: Installation, count: number): Promise<void> {
  const deadline = bench.clock.monotonic() + 120_000
  for (;;) {
    const [row] = await rows<{ ended: number }>('SELECT count(*) AS ended FROM builds WHERE complete_at IS NOT NULL')
    if (row!.ended >= count) return
    if (bench.clock.monotonic() > deadline) throw new Error(`${row!.ended} of ${count} builds ended within 120 s:\n${roles.engine.lines.slice(-10).join('\n')}`)
    await bench.clock.sleep(50)
  }
}
