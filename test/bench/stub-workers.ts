import { systemClock, systemRandom } from '@yardmaster/runtime'
import { StubWorker, type StubOptions } from './stub-worker.js'

/** Tells of the parent's fleet (stub-fleet.ts). */
export type FleetOrder = { connect: Omit<StubOptions, 'name' | 'process' | 'clock'> & { names: string[] } } | { report: true }
export type FleetReport = { acknowledged: { [command: string]: number[] }; started: number }

// A process of its own: what the stub workers cost must not be counted as Yardmaster's.
const clock = systemClock()
const random = systemRandom()
const fleet: StubWorker[] = []

process.on('message', (order: FleetOrder) => {
  if ('connect' in order) {
    const { names, ...common } = order.connect
    for (const name of names) fleet.push(new StubWorker({ ...common, name, process: random.uuid(), clock }))
    return
  }
  const acknowledged = Object.fromEntries(fleet.flatMap(worker => [...worker.acknowledged]))
  process.send?.({ acknowledged, started: fleet.reduce((sum, worker) => sum + worker.started, 0) } satisfies FleetReport)
})
process.on('disconnect', () => process.exit(0))
