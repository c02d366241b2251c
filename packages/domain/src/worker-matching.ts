import type { BuilderConfig } from './configuration.js'

/** A worker as the choice of one sees it. */
export type WorkerView = {
  name: string
  connected: boolean
  paused: boolean
  /** Told to shut down once idle. */
  graceful: boolean
  /** How many builds at once; null: no limit. */
  maxBuilds: number | null
  /** Keys of the builders whose builds run on it now. */
  building: readonly string[]
}

type BuilderView = Pick<BuilderConfig, 'key' | 'workers'>

/** Whether the configuration lets this worker serve the builder at all. */
export function mayServe(worker: Pick<WorkerView, 'name'>, builder: BuilderView): boolean {
  return builder.workers.includes(worker.name)
}

/** Whether it takes one more build of any builder now. */
export function takesBuilds(worker: WorkerView): boolean {
  return worker.connected && !worker.paused && !worker.graceful && (worker.maxBuilds === null || worker.building.length < worker.maxBuilds)
}

/** Whether a build of the builder can start on it now. A builder's folder on a worker holds one build at a time. */
export function canStart(worker: WorkerView, builder: BuilderView): boolean {
  return mayServe(worker, builder) && takesBuilds(worker) && !worker.building.includes(builder.key)
}

/** The workers that could start a build of the builder now, least busy first, then in the given order. */
export function workersFor(builder: BuilderView, workers: readonly WorkerView[]): WorkerView[] {
  return workers.filter(worker => canStart(worker, builder)).sort((a, b) => a.building.length - b.building.length)
}

/** The builders that the worker could start a build of now. */
export function buildersFor<B extends BuilderView>(worker: WorkerView, builders: readonly B[]): B[] {
  return builders.filter(builder => canStart(worker, builder))
}
