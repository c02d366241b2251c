import { startInstallation, trivialConfig, type Bench } from '../installation.js'
import { cpuOf, residentMegabytes } from '../processes.js'
import { StubFleet, workerNames } from '../stub-fleet.js'
import type { Figure } from '../table.js'

const IDLE_MS = 10_000

/** Many workers connected to one engine: its memory, how long they take to come in, and what their keep-alives cost. */
export async function measureWorkers(bench: Bench): Promise<Figure[]> {
  const count = bench.quick ? 200 : 2_000
  const installation = await startInstallation(bench, { name: 'workers', config: trivialConfig({ workers: count, builders: 10 }) })
  const { pid } = installation.roles.engine
  const alone = residentMegabytes(pid)
  const began = bench.clock.monotonic()
  const fleet = new StubFleet({ url: installation.workerUrl, names: workerNames(count) })
  try {
    await installation.connectedWorkers(count, 120_000)
    const seconds = (bench.clock.monotonic() - began) / 1000
    const before = cpuOf({ pid })
    await bench.clock.sleep(IDLE_MS)
    const share = ((cpuOf({ pid }).pid - before.pid) / IDLE_MS) * 100
    const memory = residentMegabytes(pid)
    return [{
      measure: `memory of one engine, ${count} stub workers connected`, buildbot: '~100 workers advised', budget: '2,000 in <= 400 MB',
      found: `${memory.toFixed(0)} MB (${alone.toFixed(0)} without them; all in after ${seconds.toFixed(1)} s; then ${share.toFixed(1)} % of a core)`, met: memory <= 400,
    }]
  } finally {
    await fleet.stop()
    await installation.stop()
  }
}
