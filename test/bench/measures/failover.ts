import { forceBuilds } from '../force.js'
import { startInstallation, trivialConfig, type Bench, type Installation } from '../installation.js'
import { percentile, percentiles } from '../statistics.js'
import type { Figure } from '../table.js'
import { allComplete } from './builds.js'

const LINES = 160
const EVERY_S = 0.25
const COMMAND = `i=0; while [ $i -lt ${LINES} ]; do echo line $i; i=$((i+1)); sleep ${EVERY_S}; done`
const GIVEN_UP_MS = 60_000
const LOOK_MS = 25

type Blow = { name: string; strike(installation: Installation): void; afterwards(installation: Installation): void }
const blows: Blow[] = [
  { name: 'killed -9', strike: ({ engines }) => engines[0]!.signal('SIGKILL'), afterwards: () => {} },
  { name: 'frozen', strike: ({ engines }) => engines[0]!.signal('SIGSTOP'), afterwards: ({ engines }) => engines[0]!.signal('SIGCONT') },
]

/** One of two engines dies or stands still with all builds under way at it, and does not come back: when is each build driven on? */
export async function measureFailover(bench: Bench): Promise<Figure[]> {
  const figures = []
  for (const blow of blows) figures.push(await measureBlow(bench, blow))
  return figures
}

async function measureBlow(bench: Bench, { name, strike, afterwards }: Blow): Promise<Figure> {
  const [workers, builders] = bench.quick ? [2, 5] : [10, 5]
  const builds = workers * builders
  const installation = await startInstallation(bench, { name: `failover ${name}`, config: trivialConfig({ workers, builders, command: COMMAND }), engines: 2 })
  try {
    // Every worker at the first engine, and the other one ready for them.
    installation.network.refuse({ engine: 1 })
    await Promise.all(Array.from({ length: workers }, (_, at) => installation.startWorker(`w${at}`)))
    await forceBuilds({ url: installation.url, count: builds, builders, clients: 8, rate: null, clock: bench.clock })
    await until(bench, 'every build to print', async () => [...(await printed(installation)).values()].filter(lines => lines > 2).length === builds)
    installation.network.heal()
    strike(installation)
    const struckAt = bench.clock.monotonic()
    const gaps = await gapsAfter(bench, installation, struckAt)
    afterwards(installation)
    await allComplete(bench, installation, builds)
    const whole = [...(await printed(installation)).values()].filter(lines => lines === LINES).length
    const [count] = await installation.rows<{ n: number }>('SELECT count(*) AS n FROM builds')
    if (whole !== builds || count!.n !== builds) throw new Error(`of ${builds} builds ${whole} have all ${LINES} lines, and there are ${count!.n}: a command is joined, not started again`)
    const p99 = percentile(gaps, 0.99)
    return {
      measure: `one of 2 engines ${name}, to each build's next committed line, p50 / p99`, buildbot: '> 10 min, or never', budget: 'p99 <= 10 s',
      found: `${percentiles(gaps.map(gap => gap / 1000), [0.5, 0.99])} s (n=${builds} on ${workers} own workers; none started again, no line missing)`, met: p99 <= 10_000,
    }
  } finally {
    afterwards(installation)
    await installation.stop()
  }
}

/** Lines that each build's command has printed, as far as they are committed. */
async function printed({ rows }: Installation): Promise<Map<number, number>> {
  const logs = await rows<{ build: number; lines: number }>(
    `SELECT s.build_id AS build, (SELECT count(*) FROM log_chunks c, regexp_matches(convert_from(c.content, 'UTF8'), '^oline', 'gn') WHERE c.log_id = l.id) AS lines
     FROM logs l JOIN steps s ON s.id = l.step_id WHERE l.slug = 'stdio'`)
  return new Map(logs.map(({ build, lines }) => [build, lines]))
}

/** Until each build has more committed lines than when it was struck, ms. */
async function gapsAfter(bench: Bench, installation: Installation, struckAt: number): Promise<number[]> {
  const lengths = async () => new Map((await installation.rows<{ id: number; lines: number }>('SELECT id, num_lines AS lines FROM logs')).map(({ id, lines }) => [id, lines]))
  const before = await lengths()
  const gaps = new Map<number, number>()
  await until(bench, 'every build to be driven on', async () => {
    for (const [id, lines] of await lengths()) if (lines > before.get(id)! && !gaps.has(id)) gaps.set(id, bench.clock.monotonic() - struckAt)
    return gaps.size === before.size
  })
  return [...gaps.values()]
}

async function until(bench: Bench, what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = bench.clock.monotonic() + GIVEN_UP_MS
  while (!await condition()) {
    if (bench.clock.monotonic() > deadline) throw new Error(`not within ${GIVEN_UP_MS} ms: ${what}`)
    await bench.clock.sleep(LOOK_MS)
  }
}
