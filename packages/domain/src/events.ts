/**
 * What is told after a commit: who changed, to which version. Readers re-read the row for its content
 * and drop an envelope that is older than the version they have.
 */
export type Envelope = {
  v: 1
  type: EventType
  /** The row's id. */
  id: number
  version: number
  project: string | null
  /** Epoch milliseconds. */
  at: number
  /** Ids of the rows above it (builder, build, buildset, worker, step), so that readers can route without a query. */
  parents?: {
    builder?: number; build?: number; buildset?: number; worker?: number; step?: number; number?: number; slug?: string
    /** Of a control action: the table, the row in it, and what was done. */
    thing?: string; row?: number; action?: string
  }
}

/** What a transaction says of a change; the relay adds the form's version and the time of the commit. */
export type Told = Omit<Envelope, 'v' | 'at'>

export type EventType =
  | 'master.started' | 'master.stopped'
  | 'builder.started' | 'builder.stopped' | 'builder.update'
  | 'scheduler.updated' | 'project.update'
  | 'worker.connected' | 'worker.disconnected' | 'worker.state_updated' | 'worker.missing'
  | 'instance.new' | 'instance.updated' | 'instance.gone' | 'pool.updated'
  | 'change.new' | 'changesource.updated' | 'delivery.new' | 'delivery.updated'
  | 'buildset.new' | 'buildset.complete'
  | 'buildrequest.new' | 'buildrequest.claimed' | 'buildrequest.unclaimed' | 'buildrequest.update' | 'buildrequest.complete'
  | 'build.new' | 'build.update' | 'build.finished'
  | 'step.new' | 'step.started' | 'step.updated' | 'step.finished'
  | 'log.new' | 'log.append' | 'log.finished'
  | 'build.properties'
  | 'testresultset.new' | 'testresultset.completed'
  | 'pool.alert'
  | 'notification.new' | 'notification.updated'
  | 'control.done'

/** Wakes: lossy hints on core NATS that rows of this kind may be waiting. */
export type WakeTopic = 'requests' | 'changes' | 'controls' | 'buildsets' | 'generations' | 'timers' | 'tasks' | 'locks' | 'instances' | 'cancellations' | 'reports' | 'notifications' | 'polls' | 'deliveries'
