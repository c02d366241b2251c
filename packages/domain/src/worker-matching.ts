import type { BuilderConfig } from './configuration.js'
import { hasLabels, labelsText, type Labels } from './labels.js'

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
  /** Keys of the builders whose builds run on it now, and what each build takes. */
  building: readonly { builder: string; units: number }[]
}

export type BuilderView = Pick<BuilderConfig, 'key' | 'workers' | 'workerLabels' | 'units'>

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
  return mayServe(worker, builder) && obstacle(worker, builder) === null
}

/** Whether it takes one more build of some builder now. */
export function takesBuilds({ unavailable, maxBuilds, capacity, building }: WorkerView): boolean {
  return unavailable === null && (maxBuilds === null || building.length < maxBuilds) && (capacity === null || unitsOf(building) < capacity)
}

/** What keeps a worker that may serve the builder from starting a build of it now; null: nothing. */
function obstacle(worker: WorkerView, builder: BuilderView): string | null {
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

/** Why no worker could start a build of the builder now, for people; null: one could. `views` are all workers that there are. */
export function waitsForWorker(builder: BuilderView, views: readonly WorkerView[]): string | null {
  const serving = views.filter(view => mayServe(view, builder))
  if (serving.length === 0) return builder.workerLabels === null ? 'no worker: none of its workers exists' : `no worker: none has ${labelsText(builder.workerLabels)}`
  const namesByObstacle = new Map<string, string[]>()
  for (const view of serving) {
    const why = obstacle(view, builder)
    if (why === null) return null
    namesByObstacle.set(why, [...namesByObstacle.get(why) ?? [], view.name])
  }
  if (namesByObstacle.size === 1 && namesByObstacle.has(BUSY)) return serving.length === 1 ? `worker ${serving[0]!.name} is busy` : `all ${serving.length} workers are busy`
  return `no worker: ${[...namesByObstacle].map(([why, names]) => (names.length > MOST_NAMED ? `${names.length} workers: each ${why}` : names.map(name => `${name} ${why}`).join(', '))).join(', ')}`
}
