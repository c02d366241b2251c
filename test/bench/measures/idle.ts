import { startInstallation, trivialConfig, type Bench } from '../installation.js'
import { cpuOf } from '../processes.js'
import type { Figure } from '../table.js'

/** Until the processes have collected the garbage of their start. */
const SETTLE_MS = 15_000

/** What everything costs while nothing happens: four roles, PostgreSQL, NATS and a connected worker. */
export async function measureIdle(bench: Bench): Promise<Figure[]> {
  const forMs = bench.quick ? 5_000 : 20_000
  const installation = await startInstallation(bench, { name: 'idle', config: trivialConfig({ workers: 1, builders: 1 }) })
  try {
    const worker = await installation.startWorker('w0')
    const cpu = () => ({ ...installation.cpu(), ...cpuOf({ worker: worker.pid }) })
    await bench.clock.sleep(SETTLE_MS)
    const before = cpu()
    await bench.clock.sleep(forMs)
    const after = cpu()
    const shares = Object.entries(after).map(([part, ms]) => [part, ((ms - before[part as keyof typeof before]) / forMs) * 100] as const)
    const sum = shares.reduce((total, [, share]) => total + share, 0)
    return [{
      measure: 'everything idle, of one core', buildbot: '', budget: '< 3 %',
      found: `${sum.toFixed(1)} % in ${forMs / 1000} s (${shares.map(([part, share]) => `${part} ${share.toFixed(1)}`).join(', ')})`, met: sum < 3,
    }]
  } finally {
    await installation.stop()
  }
}
