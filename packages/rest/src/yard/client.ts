import { z } from 'zod'
import { RestError } from '../client.js'
import { changeSourceAnswer, changeSourcesAnswer, type ChangeSource, type ChangeSourceDetails } from './change-source.js'
import { deliveriesAnswer, deliveryAnswer, type Delivery, type DeliveryDetails, type DeliveryFilter } from './delivery.js'
import type { ForceField } from '../resources/forcescheduler.js'
import { explanationsAnswer, type Explained, type Explanation } from './explain.js'
import { forceFormAnswer, type ForceFormBody } from './force-form.js'
import { buildCostAnswer, instanceAnswer, instancesAnswer, type BuildMachine, type Instance, type InstanceDetails, type InstanceFilter, type StopInstanceBody } from './instance.js'
import { locksAnswer, type Lock } from './lock.js'
import { notificationAnswer, notificationsAnswer, type Notification, type NotificationAction, type NotificationDetails, type NotificationFilter } from './notification.js'
import { planAnswer, type PlanBody, type PlannedScheduler } from './plan.js'
import { poolAnswer, poolsAnswer, type Pool, type PoolAction, type PoolActionBody } from './pool.js'
import { rebuildableAnswer, rebuildAnswer, type Rebuildable, type RebuildBody, type Rebuilt } from './rebuild.js'
import { replicaAnswer, replicasAnswer, type DrainBody, type Replica } from './replica.js'
import { yardSchedulerAnswer, yardSchedulersAnswer, type SchedulerAction, type YardScheduler } from './scheduler.js'
import { tryAnswer, trySchedulersAnswer, type TryBody, type Tried, type TryScheduler, type TryUser } from './try.js'
import { cancelledAnswer, waitingRequestAnswer, waitingRequestsAnswer, type CancelBody, type Cancelled, type PriorityBody, type WaitingRequest } from './waiting-request.js'
import { yardWorkerAnswer, yardWorkersAnswer, type WorkerAction, type WorkerActionBody, type YardWorker } from './worker.js'

/** Our own additions to the REST API. Everything throws RestError, or what fetch throws when nobody answers. */
export type YardClient = {
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

const failure = z.object({ error: z.string() })

/** A client of `/api/yard/v1` at `baseUrl`, the address of the web page. */
export function createYardClient({ baseUrl }: { baseUrl: string }): YardClient {
  const base = `${baseUrl.replace(/\/$/, '')}/api/yard/v1/`
  const ask = async <T>(schema: z.ZodType<T>, path: string, init: { method?: string; body?: DrainBody | WorkerActionBody | StopInstanceBody | PoolActionBody | PlanBody | ForceFormBody | RebuildBody | TryBody | PriorityBody | CancelBody; user?: TryUser } = {}): Promise<T> => {
    const body = init.body === undefined ? {} : { body: JSON.stringify(init.body) }
    const response = await fetch(`${base}${path}`, { method: init.method ?? 'GET', headers: { accept: 'application/json', 'content-type': 'application/json', ...(init.user ? { authorization: basicOf(init.user) } : {}) }, ...body })
    if (!response.ok) throw errorOf(response.status, await response.text())
    return schema.parse(await response.json())
  }
  return {
    waitingRequests: async () => (await ask(waitingRequestsAnswer, 'buildrequests')).buildrequests,
    waitingRequest: async id => (await ask(waitingRequestAnswer, `buildrequests/${id}`)).buildrequest,
    setPriority: async (id, priority) => (await ask(waitingRequestAnswer, `buildrequests/${id}/priority`, { method: 'POST', body: { priority } })).buildrequest,
    releaseRequest: async id => (await ask(waitingRequestAnswer, `buildrequests/${id}/release`, { method: 'POST', body: {} })).buildrequest,
    cancelRequest: (id, body = {}) => ask(cancelledAnswer, `buildrequests/${id}/cancel`, { method: 'POST', body }),
    cancelBuildset: (id, body = {}) => ask(cancelledAnswer, `buildsets/${id}/cancel`, { method: 'POST', body }),
    deliveries: filter => ask(deliveriesAnswer, `deliveries${searchOf(filter ?? {})}`),
    delivery: async id => (await ask(deliveryAnswer, `deliveries/${id}`)).delivery,
    redeliver: async id => (await ask(deliveryAnswer, `deliveries/${id}/redeliver`, { method: 'POST', body: {} })).delivery,
    notifications: filter => ask(notificationsAnswer, `notifications${searchOf(filter ?? {})}`),
    notification: async id => (await ask(notificationAnswer, `notifications/${id}`)).notification,
    controlNotification: async (id, action) => (await ask(notificationAnswer, `notifications/${id}/${action}`, { method: 'POST', body: {} })).notification,
    changeSources: async () => (await ask(changeSourcesAnswer, 'changesources')).changesources,
    changeSource: async source => (await ask(changeSourceAnswer, `changesources/${encodeURIComponent(source)}`)).changesource,
    pollChangeSource: async source => (await ask(changeSourceAnswer, `changesources/${encodeURIComponent(source)}/poll`, { method: 'POST', body: {} })).changesource,
    locks: async () => (await ask(locksAnswer, 'locks')).locks,
    replicas: async ({ all = false } = {}) => (await ask(replicasAnswer, `replicas${all ? '?all=true' : ''}`)).replicas,
    replica: async id => (await ask(replicaAnswer, `replicas/${id}`)).replica,
    drain: async (id, body = {}) => (await ask(replicaAnswer, `replicas/${id}/drain`, { method: 'POST', body })).replica,
    cancelDrain: async id => (await ask(replicaAnswer, `replicas/${id}/drain`, { method: 'DELETE' })).replica,
    workers: async () => (await ask(yardWorkersAnswer, 'workers')).workers,
    worker: async worker => (await ask(yardWorkerAnswer, `workers/${encodeURIComponent(worker)}`)).worker,
    controlWorker: async (worker, action, body = {}) => (await ask(yardWorkerAnswer, `workers/${encodeURIComponent(worker)}/${action}`, { method: 'POST', body })).worker,
    instances: filter => ask(instancesAnswer, `instances${searchOf(filter ?? {})}`),
    instance: id => ask(instanceAnswer, `instances/${id}`),
    stopInstance: async (id, body = {}) => (await ask(instanceAnswer, `instances/${id}/stop`, { method: 'POST', body })).instance,
    machineOfBuild: async buildid => (await ask(buildCostAnswer, `builds/${buildid}/cost`)).machine,
    pools: async () => (await ask(poolsAnswer, 'pools')).pools,
    pool: async pool => (await ask(poolAnswer, `pools/${encodeURIComponent(pool)}`)).pool,
    controlPool: async (pool, action, body = {}) => (await ask(poolAnswer, `pools/${encodeURIComponent(pool)}/${action}`, { method: 'POST', body })).pool,
    schedulers: async () => (await ask(yardSchedulersAnswer, 'schedulers')).schedulers,
    scheduler: async scheduler => (await ask(yardSchedulerAnswer, `schedulers/${encodeURIComponent(scheduler)}`)).scheduler,
    controlScheduler: async (scheduler, action) => (await ask(yardSchedulerAnswer, `schedulers/${encodeURIComponent(scheduler)}/${action}`, { method: 'POST', body: {} })).scheduler,
    forceForm: async (scheduler, body = {}) => (await ask(forceFormAnswer, `forceschedulers/${encodeURIComponent(scheduler)}/form`, { method: 'POST', body })).all_fields,
    rebuildable: async buildid => (await ask(rebuildableAnswer, `builds/${buildid}/rebuild`)).rebuild,
    rebuild: (buildid, body = {}) => ask(rebuildAnswer, `builds/${buildid}/rebuild`, { method: 'POST', body }),
    trySchedulers: async user => (await ask(trySchedulersAnswer, 'try', { user })).schedulers,
    try: (user, body) => ask(tryAnswer, 'try', { method: 'POST', body, user }),
    explain: async (what, which) => (await ask(explanationsAnswer, what === undefined ? 'explain' : `explain/${what}/${encodeURIComponent(which ?? '')}`)).explanations,
    plan: async body => (await ask(planAnswer, 'plan', { method: 'POST', body })).schedulers,
  }
}

function basicOf({ username, password }: TryUser): string {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${username}:${password}`)))}`
}

function searchOf({ state = [], ...filter }: InstanceFilter | DeliveryFilter | NotificationFilter): string {
  const parameters = new URLSearchParams()
  for (const one of state) parameters.append('state', one)
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) parameters.set(name, String(value))
  return parameters.size > 0 ? `?${parameters}` : ''
}

function errorOf(status: number, text: string): RestError {
  const read = failure.safeParse(parsed(text))
  return new RestError(status, read.success ? read.data.error : text.trim().slice(0, 500) || `the server answered ${status}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
