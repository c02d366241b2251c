import { forceBuilds } from '../force.js'
import { startInstallation, trivialConfig, type Bench } from '../installation.js'
import { RestProbe } from '../probe.js'
import { percentile, percentiles } from '../statistics.js'
import { StubFleet, workerNames } from '../stub-fleet.js'
import type { Figure } from '../table.js'
import { allComplete } from './builds.js'

const RATE = 100
const WORKERS = 50

/** What a reader of the builds' list waits while builds run at a steady rate. */
export async function measureRest(bench: Bench): Promise<Figure[]> {
  const count = RATE * (bench.quick ? 3 : 15)
  const installation = await startInstallation(bench, { name: 'rest', config: trivialConfig({ workers: WORKERS, builders: 10, maxBuilds: 1 }) })
  const fleet = new StubFleet({ url: installation.workerUrl, names: workerNames(WORKERS) })
  try {
    await installation.connectedWorkers(WORKERS)
    await forceBuilds({ url: installation.url, count: 100, builders: 10, clients: 8, rate: null, clock: bench.clock })
    await allComplete(bench, installation, 100)
    const probe = new RestProbe(installation.url)
    const began = bench.clock.now()
    await forceBuilds({ url: installation.url, count, builders: 10, clients: 8, rate: RATE, clock: bench.clock })
    await allComplete(bench, installation, 100 + count)
    const perSecond = (count * 1000) / (bench.clock.now() - began)
    const { took, bytes } = await probe.report()
    const p99 = percentile(took, 0.99)
    return [{
      measure: 'GET builds?limit=50 at 100 builds/s, p50 / p99 / max',
      buildbot: 'p99 171-313 ms at 5 /s', budget: 'p99 <= 30 ms', met: p99 <= 30,
      found: `${percentiles(took, [0.5, 0.99, 1])} ms (at ${perSecond.toFixed(0)} builds/s; n=${took.length}, ${(bytes / 1024).toFixed(0)} kB)`,
    }]
  } finally {
    await fleet.stop()
    await installation.stop()
  }
}
