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
function mayServe(worker: Pick<WorkerView, 'name'>, builder: BuilderView): boolean {
  return builder.workers.includes(worker.name)
}

/** Whether it takes one more build of any builder now. */
function takesBuilds(worker: WorkerView): boolean {
  return worker.connected && !worker.paused && !worker.graceful && (worker.maxBuilds === null || worker.building.length < worker.maxBuilds)
}

/** Whether a build of the builder can start on it now. A builder's folder on a worker holds one build at a time. */
export function canStart(worker: WorkerView, builder: BuilderView): boolean {
  return mayServe(worker, builder) && takesBuilds(worker) && !worker.building.includes(builder.key)
}

/** Keys of the builders of which a build could start now: to look at the requests of others would hide those that can be served. */
export function buildersWithRoom(builders: readonly BuilderView[], views: readonly WorkerView[]): string[] {
  const byName = new Map(views.map(view => [view.name, view]))
  return builders.filter(builder => builder.workers.some(name => startsOn(byName.get(name), builder))).map(builder => builder.key)
}

/**
 * A worker (the least busy) for each request, in the order given, as long as there is one; every match counts for the next.
 * Which workers a builder has is what the active configuration says, also for requests of an earlier one.
 */
export function matchRequests<Request extends { builderKey: string }>(
  requests: readonly Request[], builders: readonly BuilderView[], views: readonly WorkerView[],
): { request: Request; worker: string }[] {
  const byName = new Map(views.map(view => [view.name, view]))
  const byKey = new Map(builders.map(builder => [builder.key, builder]))
  return requests.flatMap(request => {
    const builder = byKey.get(request.builderKey)
    const view = builder && leastBusy(builder, byName)
    if (!view) return []
    byName.set(view.name, { ...view, building: [...view.building, request.builderKey] })
    return [{ request, worker: view.name }]
  })
}

function leastBusy(builder: BuilderView, byName: ReadonlyMap<string, WorkerView>): WorkerView | null {
  let best: WorkerView | null = null
  for (const name of builder.workers) {
    const view = byName.get(name)
    if (!startsOn(view, builder) || (best && best.building.length <= view.building.length)) continue
    if (view.building.length === 0) return view
    best = view
  }
  return best
}

/** `canStart` without the search for the name, which was found by it. */
function startsOn(view: WorkerView | undefined, builder: BuilderView): view is WorkerView {
  return view !== undefined && canStart(view, { key: builder.key, workers: [view.name] })
}
