import { forceBuilds } from '../force.js'
import { startInstallation, trivialConfig, type Bench } from '../installation.js'
import { percentile, percentiles } from '../statistics.js'
import { StubFleet, workerNames } from '../stub-fleet.js'
import type { Figure } from '../table.js'
import { allComplete } from './builds.js'

const WORKERS = 30
const LINES = 40
const EVERY_MS = 250

/** The engine dies by kill -9 with builds under way and is started again at once, as `yard up` does: when is each build driven on? */
export async function measureFailover(bench: Bench): Promise<Figure[]> {
  const installation = await startInstallation(bench, { name: 'failover', config: trivialConfig({ workers: WORKERS, builders: 1, maxBuilds: 1 }) })
  const fleet = new StubFleet({ url: installation.workerUrl, names: workerNames(WORKERS), lines: LINES, everyMs: EVERY_MS })
  try {
    await installation.connectedWorkers(WORKERS)
    await forceBuilds({ url: installation.url, count: WORKERS, builders: 1, clients: 8, rate: null, clock: bench.clock })
    await bench.clock.sleep(2_000)
    const killedAt = bench.clock.now()
    await installation.roles.engine.kill()
    await installation.roles.engine.start()
    await allComplete(bench, installation, WORKERS)
    const { acknowledged, started } = await fleet.report()
    const gaps = Object.values(acknowledged).map(times => (times.find(time => time > killedAt) ?? Number.POSITIVE_INFINITY) - killedAt)
    if (gaps.length !== WORKERS || started !== WORKERS) throw new Error(`${WORKERS} builds started ${started} commands, ${gaps.length} of them acknowledged: after a crash a command is joined, not started again`)
    const p99 = percentile(gaps, 0.99)
    return [{
      measure: 'engine killed -9, to each build driven on, p50 / p99', buildbot: '> 10 min, or never', budget: 'p99 <= 10 s',
      found: `${percentiles(gaps.map(gap => gap / 1000), [0.5, 0.99])} s (process restarted at once; next committed line; n=${WORKERS}, none started again)`, met: p99 <= 10_000,
    }]
  } finally {
    await fleet.stop()
    await installation.stop()
  }
}
