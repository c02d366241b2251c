import { rngOf, type Rng } from './rng.js'

/** What a builder's builds do; each kind has an end that it must come to, whatever is struck meanwhile. */
export const kinds = ['shell', 'custom', 'failing', 'locked', 'stopped', 'stock'] as const
export type Kind = (typeof kinds)[number]

export type BuilderPlan = { name: string; kind: Kind; workers: string[]; /** Of each command. */ lines: number; pauseSeconds: number }

export const engineFaults = ['engine killed', 'engine frozen', 'engine cut off from PostgreSQL', 'engine refused by PostgreSQL', 'engine told to stop', 'engine drained', 'engine cut off from workers', 'engine loses its workers\' connections'] as const
export const workerFaults = ['worker killed', 'worker frozen', 'worker cut', 'worker held', 'worker flaps', 'worker doubled'] as const
export const stockFaults = ['worker killed', 'worker frozen', 'worker cut', 'worker held', 'worker flaps'] as const
export const otherFaults = ['scheduler killed', 'ui-api killed', 'PostgreSQL away', 'NATS away', 'configuration reloaded'] as const
export type EngineFault = (typeof engineFaults)[number]
export type WorkerFault = (typeof workerFaults)[number]
export type OtherFault = (typeof otherFaults)[number]

/** Struck once a build of the target (of anybody, for the others) has printed this many lines of a log that is still open. */
type Common = { afterLines: number; /** How long it lasts, for those that last. */ ms: number; /** Before looking for the moment. */ pauseMs: number }
export type Fault = Common & ({ name: EngineFault; engine: number } | { name: WorkerFault; worker: string } | { name: OtherFault })

export type Plan = {
  seed: number
  long: boolean
  engines: number
  ownWorkers: string[]
  stockWorkers: string[]
  builders: BuilderPlan[]
  /** Builders, in the order in which builds of them are asked for. */
  orders: string[]
  /** Most requests that are open at once. */
  openAtOnce: number
  /** What is struck: within a lane one after the other, the lanes side by side. */
  lanes: Fault[][]
}

export type PlanOptions = { seed: number; long: boolean; stock: boolean }

/** The whole campaign, from its seed alone. */
export function planOf({ seed, long, stock }: PlanOptions): Plan {
  const rng = rngOf(seed)
  const engines = long ? 3 : 2
  const ownWorkers = names('w', long ? 6 : 4)
  const stockWorkers = stock ? names('s', 2) : []
  const builders = buildersOf(rng, { long, ownWorkers, stockWorkers })
  const orders = Array.from({ length: long ? 220 : 40 }, (_, at) => builders[at % builders.length]!.name)
  const workers = [...ownWorkers, ...stockWorkers]
  const length = long ? 26 : 5
  const lanes: Fault[][] = [
    Array.from({ length }, () => ({ ...common(rng, long), name: rng.pick(engineFaults), engine: rng.below(engines) })),
    Array.from({ length }, () => {
      const worker = rng.pick(workers)
      return { ...common(rng, long), name: rng.pick(stockWorkers.includes(worker) ? stockFaults : workerFaults), worker }
    }),
    Array.from({ length: Math.ceil(length / 2) }, () => ({ ...common(rng, long), name: rng.pick(otherFaults) })),
  ]
  return { seed, long, engines, ownWorkers, stockWorkers, builders, orders, openAtOnce: long ? 24 : 16, lanes }
}

const names = (letter: string, count: number) => Array.from({ length: count }, (_, at) => `${letter}${at + 1}`)

function common(rng: Rng, long: boolean): Common {
  return { afterLines: rng.between(1, 10), ms: rng.between(2, long ? 20 : 8) * 1000, pauseMs: rng.below(long ? 4000 : 2000) }
}

function buildersOf(rng: Rng, { long, ownWorkers, stockWorkers }: { long: boolean; ownWorkers: string[]; stockWorkers: string[] }): BuilderPlan[] {
  const used = kinds.filter(kind => kind !== 'stock' || stockWorkers.length > 0)
  return Array.from({ length: (long ? 4 : 2) * used.length }, (_, at) => {
    const kind = used[at % used.length]!
    return { name: `b${at}`, kind, workers: kind === 'stock' ? stockWorkers : ownWorkers, lines: rng.between(15, 40), pauseSeconds: rng.between(3, 12) / 100 }
  })
}
