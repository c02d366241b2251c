import type { ForceField } from '../resources/forcescheduler.js'
import type { Artifact } from './artifact.js'
import type { AnswerOf, CallOf } from './call.js'
import { pagesOf, type PagedAnswer } from './pages.js'
import type { ChangeSource, ChangeSourceDetails } from './change-source.js'
import type { Delivery, DeliveryDetails, DeliveryFilter } from './delivery.js'
import type { Explained, Explanation } from './explain.js'
import type { ForceFormBody } from './force-form.js'
import type { BuildMachine, Instance, InstanceDetails, InstanceFilter, StopInstanceBody } from './instance.js'
import type { Lock } from './lock.js'
import type { Notification, NotificationAction, NotificationDetails, NotificationFilter } from './notification.js'
import type { PlanBody, PlannedScheduler } from './plan.js'
import type { Pool, PoolAction, PoolActionBody } from './pool.js'
import type { Rebuildable, RebuildBody, Rebuilt } from './rebuild.js'
import type { DrainBody, Replica } from './replica.js'
import type { Route } from './route.js'
import { routes } from './routes/index.js'
import type { SchedulerAction, YardScheduler } from './scheduler.js'
import { createCaller, type ClientOptions } from './transport.js'
import type { TryBody, Tried, TryScheduler, TryUser } from './try.js'
import type { CancelBody, Cancelled, WaitingRequest } from './waiting-request.js'
import type { WorkerAction, WorkerActionBody, YardWorker } from './worker.js'

/** Our own additions to the REST API. Everything throws RestError, or what fetch throws when nobody answers. */
export type YardClient = {
  /** Any route: `call(routes.workers.pause, { params: { worker: 'w1' }, body: { reason: 'a new disk' } })`. */
  call<R extends Route>(route: R, given: CallOf<R>): Promise<AnswerOf<R>>
  /** Page after page of a route that has them: `for await (const { builds } of yard.pages(routes.lists.builds, { query: { results: [2] } })) …` */
  pages<R extends Route & { readonly answer: PagedAnswer }>(route: R, given: CallOf<R>): AsyncGenerator<AnswerOf<R>, void>
  /** Pending requests that were passed over, the urgent first. */
  waitingRequests(): Promise<WaitingRequest[]>
  /** A pending one. */
  waitingRequest(id: number): Promise<WaitingRequest>
  /** Moves a pending one in its builder's queue: the higher is first. */
  setPriority(id: number, priority: number): Promise<WaitingRequest>
  /** Lets one that is held be built. */
  releaseRequest(id: number): Promise<WaitingRequest>
  /** Ends it if it waits, stops its build if it has one. */
  cancelRequest(id: number, body?: CancelBody): Promise<Cancelled>
  /** The same of all of a buildset's requests. */
  cancelBuildset(id: number, body?: CancelBody): Promise<Cancelled>
  /** Messages of hooks, the newest first; `next`: the filter's `before` for those that follow, null: there are none. */
  deliveries(filter?: DeliveryFilter): Promise<{ deliveries: Delivery[]; next: number | null }>
  delivery(id: number): Promise<DeliveryDetails>
  /** It is worked on once more, from the beginning. */
  redeliver(id: number): Promise<DeliveryDetails>
  /** What reporters told, the newest first; `next` as of deliveries. */
  notifications(filter?: NotificationFilter): Promise<{ notifications: Notification[]; next: number | null }>
  notification(id: number): Promise<NotificationDetails>
  /** Sends it now, or once more as a new one, which is answered; or tries it no more. */
  controlNotification(id: number, action: NotificationAction): Promise<NotificationDetails>
  /** Those of the active configurations. */
  changeSources(): Promise<ChangeSource[]>
  /** By its id or name. */
  changeSource(source: number | string): Promise<ChangeSourceDetails>
  /** It is polled now. */
  pollChangeSource(source: number | string): Promise<ChangeSourceDetails>
  /** Those in use. */
  locks(): Promise<Lock[]>
  /** Living replicas; with `all` also those of late that have ended. */
  replicas(options?: { all?: boolean }): Promise<Replica[]>
  replica(id: number): Promise<Replica>
  drain(id: number, body?: DrainBody): Promise<Replica>
  cancelDrain(id: number): Promise<Replica>
  /** Those that a configuration names. */
  workers(): Promise<YardWorker[]>
  /** By its id or name. */
  worker(worker: number | string): Promise<YardWorker>
  controlWorker(worker: number | string, action: WorkerAction, body?: WorkerActionBody): Promise<YardWorker>
  /** Machines of latent workers, the newest first; `next`: the filter's `before` for those that follow, null: there are none. */
  instances(filter?: InstanceFilter): Promise<{ instances: Instance[]; next: number | null }>
  instance(id: number): Promise<InstanceDetails>
  stopInstance(id: number, body?: StopInstanceBody): Promise<Instance>
  /** Of a build, those that are whole. */
  artifacts(buildid: number): Promise<Artifact[]>
  /** The content of one, as it comes. */
  artifact(buildid: number, name: string): Promise<Response>
  /** null: the build ran on none of our machines. */
  machineOfBuild(buildid: number): Promise<BuildMachine | null>
  /** Those that a configuration names, and those that still have machines. */
  pools(): Promise<Pool[]>
  /** By its id or name. */
  pool(pool: number | string): Promise<Pool>
  controlPool(pool: number | string, action: PoolAction, body?: PoolActionBody): Promise<Pool>
  /** Those of the active configurations. */
  schedulers(): Promise<YardScheduler[]>
  /** By its id or name. */
  scheduler(scheduler: number | string): Promise<YardScheduler>
  controlScheduler(scheduler: number | string, action: SchedulerAction): Promise<YardScheduler>
  /** The fields of a force scheduler's form as they are now. */
  forceForm(scheduler: string, body?: ForceFormBody): Promise<ForceField[]>
  /** What the build was asked for with. */
  rebuildable(buildid: number): Promise<Rebuildable>
  rebuild(buildid: number, body?: RebuildBody): Promise<Rebuilt>
  /** The try schedulers that the user may use. */
  trySchedulers(user: TryUser): Promise<TryScheduler[]>
  try(user: TryUser, body: TryBody): Promise<Tried>
  /** Why what waits waits: of one thing, or (no argument) of every pool. */
  explain(what?: Explained, which?: number | string): Promise<Explanation[]>
  /** What the schedulers of the active configurations would make of a change; nothing is built. */
  plan(body: PlanBody): Promise<PlannedScheduler[]>
}

/** A client of `/api/yard/v1` at `baseUrl`, the address of the web page; typed by the routes' declarations. */
export function createYardClient(options: ClientOptions): YardClient {
  const call = createCaller(options)
  const { buildrequests, builds, changeSources, deliveries, explain, instances, locks, notifications, plan, pools, replicas, schedulers, try: tries, workers } = routes
  return {
    call: (route, given) => call(route, given),
    pages: (route, given) => pagesOf(call, route, given),
    waitingRequests: async () => (await call(buildrequests.waiting, {})).buildrequests,
    waitingRequest: async buildrequest => (await call(buildrequests.one, { params: { buildrequest } })).buildrequest,
    setPriority: async (buildrequest, priority) => (await call(buildrequests.setPriority, { params: { buildrequest }, body: { priority } })).buildrequest,
    releaseRequest: async buildrequest => (await call(buildrequests.release, { params: { buildrequest } })).buildrequest,
    cancelRequest: (buildrequest, body = {}) => call(buildrequests.cancel, { params: { buildrequest }, body }),
    cancelBuildset: (buildset, body = {}) => call(buildrequests.cancelBuildset, { params: { buildset }, body }),
    deliveries: query => call(deliveries.list, { query }),
    delivery: async delivery => (await call(deliveries.one, { params: { delivery } })).delivery,
    redeliver: async delivery => (await call(deliveries.redeliver, { params: { delivery } })).delivery,
    notifications: query => call(notifications.list, { query }),
    notification: async notification => (await call(notifications.one, { params: { notification } })).notification,
    controlNotification: async (notification, action) => (await call(notifications[action], { params: { notification } })).notification,
    changeSources: async () => (await call(changeSources.list, {})).changesources,
    changeSource: async source => (await call(changeSources.one, { params: { source } })).changesource,
    pollChangeSource: async source => (await call(changeSources.poll, { params: { source } })).changesource,
    locks: async () => (await call(locks.list, {})).locks,
    replicas: async ({ all } = {}) => (await call(replicas.list, { query: { all } })).replicas,
    replica: async replica => (await call(replicas.one, { params: { replica } })).replica,
    drain: async (replica, body = {}) => (await call(replicas.drain, { params: { replica }, body })).replica,
    cancelDrain: async replica => (await call(replicas.cancelDrain, { params: { replica } })).replica,
    workers: async () => (await call(workers.list, {})).workers,
    worker: async worker => (await call(workers.one, { params: { worker } })).worker,
    controlWorker: async (worker, action, body = {}) => (await call(workers[action], { params: { worker }, body })).worker,
    instances: query => call(instances.list, { query }),
    instance: instance => call(instances.one, { params: { instance } }),
    stopInstance: async (instance, body = {}) => (await call(instances.stop, { params: { instance }, body })).instance,
    artifacts: async build => (await call(routes.artifacts.list, { params: { build } })).artifacts,
    artifact: (build, name) => call.file(routes.artifacts.download, { params: { build, name } }),
    machineOfBuild: async build => (await call(builds.cost, { params: { build } })).machine,
    pools: async () => (await call(pools.list, {})).pools,
    pool: async pool => (await call(pools.one, { params: { pool } })).pool,
    controlPool: async (pool, action, body = {}) => (await call(pools[action], { params: { pool }, body })).pool,
    schedulers: async () => (await call(schedulers.list, {})).schedulers,
    scheduler: async scheduler => (await call(schedulers.one, { params: { scheduler } })).scheduler,
    controlScheduler: async (scheduler, action) => (await call(schedulers[action], { params: { scheduler } })).scheduler,
    forceForm: async (scheduler, body = {}) => (await call(schedulers.form, { params: { scheduler }, body })).all_fields,
    rebuildable: async build => (await call(builds.rebuildable, { params: { build } })).rebuild,
    rebuild: (build, body = {}) => call(builds.rebuild, { params: { build }, body }),
    trySchedulers: async user => (await createCaller(as(options, user))(tries.schedulers, {})).schedulers,
    try: (user, body) => createCaller(as(options, user))(tries.try, { body }),
    async explain(what, which = '') {
      if (what === undefined) return (await call(explain.all, {})).explanations
      if (what === 'requests') return (await call(explain.request, { params: { request: which } })).explanations
      if (what === 'pools') return (await call(explain.pool, { params: { pool: which } })).explanations
      return (await call(explain.builder, { params: { builder: which } })).explanations
    },
    plan: async body => (await call(plan.plan, { body })).schedulers,
  }
}

function as(options: ClientOptions, { username, password }: TryUser): ClientOptions {
  const basic = btoa(String.fromCharCode(...new TextEncoder().encode(`${username}:${password}`)))
  return { ...options, token: undefined, headers: { ...options.headers, authorization: `Basic ${basic}` } }
}
