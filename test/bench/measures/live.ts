import { countsPath } from '@yardmaster/rest'
import { EventListeners } from '../event-listeners.js'
import { forceBuilds } from '../force.js'
import { startInstallation, trivialConfig, type Bench, type Installation } from '../installation.js'
import { cpuOf, peakMegabytes, resetPeak, residentMegabytes } from '../processes.js'
import { percentiles } from '../statistics.js'
import { StubFleet, workerNames } from '../stub-fleet.js'
import type { Figure } from '../table.js'
import { allComplete } from './builds.js'

const RATE = 100
const WORKERS = 50
const BUILDERS = 100
const AT_ONCE = 50

/** What the page of a builder listens to: by its header, itself, and what it may do. */
const patternsOf = (builder: number) => [
  countsPath, 'builders/*/started', 'builders/*/stopped', 'builders/*/*', `builders/${builder}/builds/*/*`, `builders/${builder}/buildrequests/*/*`, 'workers/*/*',
]

/** Many pages that are open on one ui-api while builds run: its memory, its time, and how late they hear. */
export async function measureLive(bench: Bench): Promise<Figure[]> {
  const listeners = bench.quick ? 200 : 2_000
  const count = RATE * (bench.quick ? 3 : 20)
  const installation = await startInstallation(bench, { name: 'live', config: trivialConfig({ workers: WORKERS, builders: BUILDERS, maxBuilds: 1 }) })
  const fleet = new StubFleet({ url: installation.workerUrl, names: workerNames(WORKERS) })
  const open = new EventListeners(bench.clock)
  try {
    await installation.connectedWorkers(WORKERS)
    await forceBuilds({ url: installation.url, count: 100, builders: BUILDERS, clients: 8, rate: null, clock: bench.clock })
    await allComplete(bench, installation, 100)
    const pid = installation.roles['ui-api'].pid
    const alone = residentMegabytes(pid)
    for (let n = 0; n < listeners; n += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, (_, m) => open.add(installation.url, patternsOf(1 + ((n + m) % BUILDERS)))))
    const quiet = residentMegabytes(pid)
    resetPeak(pid)
    const [began, before] = [bench.clock.monotonic(), cpuOf({ pid })]
    await forceBuilds({ url: installation.url, count, builders: BUILDERS, clients: 8, rate: RATE, clock: bench.clock })
    await allComplete(bench, installation, 100 + count)
    const ms = bench.clock.monotonic() - began
    const share = ((cpuOf({ pid }).pid - before.pid) / ms) * 100
    const late = await lateness(bench, installation, open, { count, perBuild: listeners / BUILDERS })
    const peak = peakMegabytes(pid)
    return [{
      measure: `memory of one ui-api, ${listeners} pages open, ${RATE} builds/s asked for`, buildbot: '', budget: '2,000 in <= 300 MB', met: peak <= 300,
      found: `${peak.toFixed(0)} MB at most (${alone.toFixed(0)} without them, ${quiet.toFixed(0)} while quiet; ${share.toFixed(0)} % of a core; ${((count * 1000) / ms).toFixed(0)} builds/s, ${((open.events * 1000) / ms).toFixed(0)} messages/s; ${open.dropped} dropped)`,
    }, {
      measure: 'end of a build, by its row, to each page of its builder, p50 / p99 / max', buildbot: '', budget: '', met: null,
      found: `${percentiles(late, [0.5, 0.99, 1])} ms (n=${late.length})`,
    }]
  } finally {
    open.stop()
    await fleet.stop()
    await installation.stop()
  }
}

async function lateness({ clock }: Bench, installation: Installation, open: EventListeners, { count, perBuild }: { count: number; perBuild: number }): Promise<number[]> {
  const until = clock.monotonic() + 20_000
  while (open.ends.length < count * perBuild && clock.monotonic() < until) await clock.sleep(100)
  const rows = await installation.rows<{ id: number; at: number }>('SELECT id, extract(epoch FROM complete_at)::float * 1000 AS at FROM builds')
  const ended = new Map(rows.map(({ id, at }) => [id, at]))
  return open.ends.map(({ build, at }) => at - (ended.get(build) ?? at))
}
