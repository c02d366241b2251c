import { systemClock, systemRandom } from '@yardmaster/runtime'
import { StubWorker, type StubOptions } from './stub-worker.js'

/** Tells of the parent's fleet (stub-fleet.ts). */
export type FleetOrder = { connect: Omit<StubOptions, 'name' | 'process' | 'clock'> & { names: string[] } }

// A process of its own: what the stub workers cost must not be counted as Yardmaster's.
const clock = systemClock()
const random = systemRandom()

process.on('message', ({ connect: { names, ...common } }: FleetOrder) => {
  for (const name of names) new StubWorker({ ...common, name, process: random.uuid(), clock }).connect()
})
process.on('disconnect', () => process.exit(0))
