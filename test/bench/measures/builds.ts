import { forceBuilds } from '../force.js'
import { startInstallation, trivialConfig, type Bench, type CpuShares, type Installation } from '../installation.js'
import { percentiles } from '../statistics.js'
import { StubFleet, workerNames } from '../stub-fleet.js'
import type { Figure } from '../table.js'

const WORKERS = 50
const CLIENTS = 8

type Run = { perSecond: number; cpu: CpuShares; postMs: number[]; builds: number }

/** Trivial builds as fast as they go, forced through REST: builds per second, and what a build costs. */
export async function measureBuilds(bench: Bench): Promise<Figure[]> {
  const count = bench.builds ?? (bench.quick ? 150 : 2000)
  const one = await throughput(bench, 1, count)
  const hundred = await throughput(bench, 100, count)
  return [
    rateFigure(one, '1 builder', '4-6'), rateFigure(hundred, '100 builders', '1.9'),
    cpuFigure(one, '1 builder'), cpuFigure(hundred, '100 builders'),
    { measure: 'force POST under that load, p50 / p99', buildbot: '300-500 / 500-1100 ms', budget: '', found: `${percentiles(one.postMs, [0.5, 0.99])} ms`, met: null },
  ]
}

async function throughput(bench: Bench, builders: number, count: number): Promise<Run> {
  const installation = await startInstallation(bench, { name: `builds${builders}`, config: trivialConfig({ workers: WORKERS, builders, maxBuilds: 1 }) })
  const fleet = new StubFleet({ url: installation.workerUrl, names: workerNames(WORKERS) })
  try {
    await installation.connectedWorkers(WORKERS)
    // Connections, caches and compiled code, as a service that has run for a minute has them.
    const warm = Math.min(count, 200)
    await forceBuilds({ url: installation.url, count: warm, builders, clients: CLIENTS, rate: null, clock: bench.clock })
    await allComplete(bench, installation, warm)
    const before = installation.cpu()
    const began = bench.clock.now()
    const postMs = await forceBuilds({ url: installation.url, count, builders, clients: CLIENTS, rate: null, clock: bench.clock })
    await allComplete(bench, installation, warm + count)
    const after = installation.cpu()
    const [last] = await installation.rows<{ at: Date }>('SELECT max(complete_at) AS at FROM build_requests')
    const cpu = Object.fromEntries(Object.entries(after).map(([part, ms]) => [part, (ms - before[part as keyof CpuShares]) / count])) as CpuShares
    return { perSecond: (count * 1000) / (last!.at.getTime() - began), cpu, postMs, builds: count }
  } finally {
    await fleet.stop()
    await installation.stop()
  }
}

/** Resolves when `count` requests have ended; throws when one did not succeed. */
export async function allComplete(bench: Bench, installation: Installation, count: number, withinMs = 120_000): Promise<void> {
  const deadline = bench.clock.monotonic() + withinMs
  for (;;) {
    const [row] = await installation.rows<{ ended: number; failed: number }>(
      `SELECT count(*) AS ended, count(*) FILTER (WHERE results <> 0) AS failed FROM build_requests WHERE state = 'complete'`)
    if (row!.failed > 0) throw new Error(`${row!.failed} builds did not succeed:\n${installation.roles.engine.lines.slice(-10).join('\n')}`)
    if (row!.ended >= count) return
    if (bench.clock.monotonic() > deadline) throw new Error(`${row!.ended} of ${count} builds ended within ${withinMs} ms:\n${installation.roles.engine.lines.slice(-10).join('\n')}`)
    await bench.clock.sleep(50)
  }
}

function rateFigure({ perSecond, builds }: Run, builders: string, buildbot: string): Figure {
  return { measure: `trivial builds, ${WORKERS} stub workers, ${builders}`, buildbot: `${buildbot} /s`, budget: '>= 150 /s', found: `${perSecond.toFixed(0)} /s (n=${builds})`, met: perSecond >= 150 }
}

function cpuFigure({ cpu }: Run, builders: string): Figure {
  const { nats, ...ours } = cpu
  const sum = Object.values(ours).reduce((total, ms) => total + ms, 0)
  const parts = `engine ${cpu.engine.toFixed(1)}, ui-api ${cpu['ui-api'].toFixed(1)}, PostgreSQL ${cpu.postgres.toFixed(1)}, others ${(cpu.scheduler + cpu['latent-worker-provisioner']).toFixed(1)}; NATS besides ${nats.toFixed(1)}`
  return { measure: `CPU per trivial build, ${builders}`, buildbot: '140-440 ms', budget: '<= 10 ms', found: `${sum.toFixed(1)} ms (${parts})`, met: sum <= 10 }
}

