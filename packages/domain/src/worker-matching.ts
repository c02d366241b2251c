import type { BuilderConfig } from './configuration.js'
import { hasLabels, labelsText, type Labels } from './labels.js'
import { roughly, type MachineFacts } from './worker-availability.js'

/** A worker as the choice of one sees it. */
export type WorkerView = {
  name: string
  /** What the worker reports, below what the configuration says. */
  labels: Labels
  /** How many builds at once; null: no limit. */
  maxBuilds: number | null
  /** Units that its builds may take together; null: no limit. */
  capacity: number | null
  /** Why it is given no build now, such as 'is paused'; null: nothing is in the way. */
  unavailable: string | null
  /** Of a latent worker: its pool, and the machine that it has. */
  machine?: MachineFacts & { pool: string }
  /** Keys of the builders whose builds run on it now, and what each build takes. */
  building: readonly { builder: string; units: number }[]
}

export type BuilderView = Pick<BuilderConfig, 'key' | 'workers' | 'workerLabels' | 'units'>

/** The builder, for a request that one worker alone may build; null: any of them. */
export function onlyBy<View extends BuilderView>(builder: View, worker: string | null): View {
  return worker === null ? builder : { ...builder, workers: [worker], workerLabels: null }
}

/** Whether the configuration lets this worker serve the builder at all: by name, or by its labels. */
export function mayServe(worker: Pick<WorkerView, 'name' | 'labels'>, builder: BuilderView): boolean {
  return namesOf(builder.workers).has(worker.name) || (builder.workerLabels !== null && hasLabels(worker.labels, builder.workerLabels))
}

const nameSets = new WeakMap<readonly string[], ReadonlySet<string>>()

/** A list of workers is asked for each worker with room, by each of a thousand builders, whenever a build ends. */
function namesOf(workers: readonly string[]): ReadonlySet<string> {
  let names = nameSets.get(workers)
  if (!names) nameSets.set(workers, names = new Set(workers))
  return names
}

/** Whether a build of the builder can start on it now. A builder's folder on a worker holds one build at a time. */
export function canStart(worker: WorkerView, builder: BuilderView): boolean {
  return mayServe(worker, builder) && workerObstacle(worker, builder) === null
}

/** Whether it takes one more build of some builder now. */
export function takesBuilds({ unavailable, maxBuilds, capacity, building }: WorkerView): boolean {
  return unavailable === null && (maxBuilds === null || building.length < maxBuilds) && (capacity === null || unitsOf(building) < capacity)
}

/** What keeps a worker that may serve the builder from starting a build of it now; null: nothing. */
export function workerObstacle(worker: WorkerView, builder: BuilderView): string | null {
  if (worker.unavailable !== null) return worker.unavailable
  if (worker.capacity !== null && builder.units > worker.capacity) return `has a capacity of ${worker.capacity}, a build takes ${builder.units}`
  const full = !takesBuilds(worker) || (worker.capacity !== null && unitsOf(worker.building) + builder.units > worker.capacity)
  return full || worker.building.some(build => build.builder === builder.key) ? BUSY : null
}

const BUSY = 'is busy'

function unitsOf(building: WorkerView['building']): number {
  return building.reduce((sum, build) => sum + build.units, 0)
}

/** Workers named in one sentence: of more, their number says enough. */
const MOST_NAMED = 3

/**
 * Why no worker could start a build of the builder now, for people; null: one could. `views` are all workers that there are, `obstacles` why pools start
 * nothing, by their names.
 */
export function waitsForWorker(builder: BuilderView, views: readonly WorkerView[], obstacles: ReadonlyMap<string, string> = new Map()): string | null {
  const serving = views.filter(view => mayServe(view, builder)).map(view => ({ view, why: workerObstacle(view, builder) }))
  if (serving.length === 0) return builder.workerLabels === null ? 'no worker: none of its workers exists' : `no worker: none has ${labelsText(builder.workerLabels)}`
  if (serving.some(({ why }) => why === null)) return null
  const own = serving.filter(({ view }) => !view.machine)
  const pools = [...new Set(serving.flatMap(({ view }) => view.machine?.pool ?? []))]
    .map(pool => waitsForPool(pool, serving.flatMap(({ view, why }) => (view.machine?.pool === pool ? [{ name: view.name, machine: view.machine, why: why! }] : [])), obstacles.get(pool)))
  if (own.length === 0) return pools.join(', or ')
  const busy = own.every(({ why }) => why === BUSY)
  const workers = busy ? (own.length === 1 ? `worker ${own[0]!.view.name} is busy` : `all ${own.length} workers are busy`) : `no worker: ${named(own.map(({ view, why }) => ({ name: view.name, why: why! })))}`
  return [workers, ...pools].join(', or ')
}

function named(obstacles: readonly { name: string; why: string }[]): string {
  const names = new Map<string, string[]>()
  for (const { name, why } of obstacles) names.set(why, [...names.get(why) ?? [], name])
  return [...names].map(([why, all]) => (all.length > MOST_NAMED ? `${all.length} workers: each ${why}` : all.map(name => `${name} ${why}`).join(', '))).join(', ')
}

type SlotOfPool = { name: string; machine: MachineFacts; why: string }

/** What is on its way says more than why no further machine is started. */
function waitsForPool(pool: string, slots: readonly SlotOfPool[], nothingStarts: string | undefined): string {
  const starting = slots.filter(({ machine: { state } }) => state === 'requested' || state === 'creating' || state === 'booting')
  if (starting.length > 0) return `a machine of pool ${pool}: starting for ${roughly(Math.max(...starting.map(({ machine }) => machine.age)))}`
  if (slots.every(({ why }) => why === BUSY)) return slots.length === 1 ? `the machine of pool ${pool} is busy` : `all ${slots.length} machines of pool ${pool} are busy`
  if (nothingStarts !== undefined) return nothingStarts
  const there = slots.filter(({ machine: { state } }) => state === 'ready')
  if (there.length < slots.length) return `a machine of pool ${pool}`
  return `pool ${pool}: ${named(slots)}`
}
