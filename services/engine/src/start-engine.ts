import { GroupCommit, IdBlock, transaction } from '@yardmaster/db'
import { retryLostBuilds } from '@yardmaster/db/verbs/retry-lost-builds'
import type { Replica } from '@yardmaster/replica'
import { BuildRuns } from './build/build-runs.js'
import { ChildBuildsets } from './build/child-buildsets.js'
import { LockWaits } from './build/lock-waits.js'
import { staticLocks } from './build/step-locks.js'
import { Pressure } from './build/pressure.js'
import { GuardedFunctions } from './claim/guarded-functions.js'
import { startBalance } from './loops/balance.js'
import { claimWaiting } from './loops/claim-requests.js'
import { decideCollapses } from './loops/decide-collapses.js'
import { startDrain } from './loops/drain.js'
import { endOrphans } from './loops/end-orphans.js'
import { endUnbuildableRequests } from './loops/end-unbuildable.js'
import { explainWaiting } from './loops/explain-waiting.js'
import { obeyControls } from './loops/obey-controls.js'
import { releaseMachines } from './loops/release-machines.js'
import { watchWorkers } from './loops/watch-workers.js'
import { admission } from './wire/admission.js'
import { WantedMachines } from './wire/wanted-machines.js'
import { openWorkerDoor } from './wire/worker-door.js'
import { limitedDoor } from './workers/limited-door.js'
import { reconcileSessions } from './workers/reconcile-sessions.js'
import { keepaliveMs } from './workers/keepalive.js'
import { StatusReports } from './workers/status-reports.js'
import { WorkerPool } from './workers/worker-pool.js'

/** Log ids taken ahead: some seconds of a busy engine. */
const LOG_IDS = 256
const ARTIFACT_IDS = 16
/** Lost workers dealt with in one transaction. */
const LOST_AT_ONCE = 50
/** After a time without engines or database the workers come back first: they were not lost meanwhile, there was nobody to come to. */
const STEADY_MS = 10_000

/** The engine's parts, connected: workers come in, requests are claimed for them, builds are driven. */
export async function startEngine(replica: Replica): Promise<void> {
  const { db, fence, bus, clock, random, logger, secrets, installation, generations, lease, settings, lifecycle, loop } = replica
  const commit = new GroupCommit({ db, replicaId: replica.id, clock, logger, onBuried: error => lifecycle.fail(error) })
  const locks = new LockWaits({ db, fence, logger, notify: () => lockTurns.notify(), locksOf: key => staticLocks(generations.active(), key) })
  const children = new ChildBuildsets({ db, fence, clock, logger })
  const parts = { db, commit, locks, pressure: new Pressure(commit), logIds: new IdBlock({ db, sequence: 'logs_id_seq', size: LOG_IDS, clock }), artifactIds: new IdBlock({ db, sequence: 'artifacts_id_seq', size: ARTIFACT_IDS, clock }), children, secrets, installation, baseUrl: settings.baseUrl, clock, random, logger }
  const runs = new BuildRuns(parts, generations, session => {
    claims.notify()
    if (!session.resumes) orphans.notify()
    if (session.once || session.leaving !== null) controls.notify()
  })
  const reports = new StatusReports()
  const takesWorkers = () => !drain.active && !lifecycle.signal.aborted && !lease.cutOff()
  const pool = new WorkerPool({
    db, fence, installation, clock, logger, takesWorkers,
    onContest: () => controls.notify(),
    onBuilds: (session, builds) => runs.adopt(session, builds),
    onOver: session => runs.abandon(session),
    isOurs: commandId => runs.hasCommand(commandId),
    onTold: (session, message) => {
      if (message.type === 'status') return reports.add(session.workerId, message)
      session.leaving = 'wished'
      logger.info({ worker: session.name, why: message.why }, 'a worker wants to leave')
      controls.notify()
    },
    onIdle: () => claims.notify(),
    keepaliveMs: name => keepaliveMs(generations.active()?.configuration, name),
  })
  const functions = new GuardedFunctions({ clock, logger })
  replica.onStop('facts under way', () => commit.settled())
  const drain = startDrain(replica, { pool, runs })
  const claims = loop({ name: 'claim', everyMs: 5_000, run: async () => {
    if (drain.active) return
    const claimed = await claimWaiting({ db, fence, clock, generations, pool, runs, functions, limits: replica.limits })
    claims.setAlarm(claimed.wakeAt)
    return claimed
  } })
  const collapses = loop({ name: 'collapse', everyMs: 5_000, run: () => decideCollapses({ db, fence, clock, generations, functions }) })
  const lockTurns = loop({ name: 'locks', everyMs: 5_000, run: () => locks.sweep() })
  loop({ name: 'explain waiting', everyMs: 5_000, run: async () => { if (await replica.duty(`explain waiting.${settings.set}`)) await explainWaiting({ db, fence, generations, clock }) } })
  loop({ name: 'unbuildable requests', everyMs: 5_000, run: async () => (generations.active()?.configuration.pools.length && await replica.duty(`unbuildable.${settings.set}`) ? endUnbuildableRequests({ db, fence, generations, clock, logger }) : undefined) })
  startBalance(replica, { pool, runs, draining: () => drain.active })
  const controls = loop({ name: 'controls', everyMs: 5_000, run: () => obeyControls({ db, fence, runs, pool }) })
  const ended = loop({ name: 'ended buildsets', everyMs: 5_000, run: () => children.sweep() })
  loop({ name: 'orphaned requests', everyMs: 5_000, run: () => children.cancelOrphans() })
  const orphans = loop({ name: 'orphans', everyMs: 5_000, run: () => endOrphans({ db, fence, pool, logger, onCleared: () => claims.notify() }) })
  const machines = loop({ name: 'machines', everyMs: 5_000, run: () => releaseMachines({ db, generations, pool, logger }) })
  loop({ name: 'reconcile sessions', everyMs: 5_000, run: () => reconcileSessions(db, replica.id, pool, {
    // What a drain has just taken its hands off is not taken up again; what cannot go along is finished here.
    builds: async (session, builds) => { if (!drain.active || !session.resumes) await runs.adopt(session, builds) },
    disconnected: session => pool.disconnected(session),
  }) })
  loop({ name: 'lost builds', everyMs: 5_000, run: async () => {
    if (lease.steadyMs() < STEADY_MS) return
    const workers = await transaction(db, fence, tx => retryLostBuilds(tx, { lostAfterSeconds: settings.workerLostAfter, limit: LOST_AT_ONCE }))
    if (workers.length > 0) logger.warn({ workers }, 'workers were away for too long: their builds are retried')
    return { again: workers.length === LOST_AT_ONCE }
  } })
  loop({ name: 'worker status', everyMs: 5_000, run: () => reports.write(db, fence) })
  loop({ name: 'watch workers', everyMs: 5_000, run: async () => (await replica.duty('watch workers') ? watchWorkers({ db, fence, logger }) : undefined) })
  loop({ name: 'cut off', everyMs: 1_000, run: () => {
    if (lease.cutOff()) pool.sendAway('this engine cannot reach the database')
    return Promise.resolve()
  } })
  replica.onStop('builds', () => runs.handOver())
  bus.onWake('requests', () => {
    claims.notify()
    if (generations.active()?.configuration.builders.some(builder => typeof builder.collapseRequests !== 'boolean')) collapses.notify()
  })
  bus.onWake('buildsets', () => ended.notify())
  bus.onWake('locks', () => lockTurns.notify())
  bus.onWake('instances', () => machines.notify())
  bus.onWake('controls', () => controls.notify())
  generations.onChange(() => claims.notify())
  const wanted = new WantedMachines(db, clock)
  const door = await openWorkerDoor({
    host: settings.workerHost, port: settings.workerPort, clock, random, logger,
    admit: credentials => admission({ configuration: () => (takesWorkers() ? generations.active()?.configuration ?? null : null), secrets, machines: wanted }, credentials),
    onHello: limitedDoor({ db, set: settings.set, limits: replica.limits, generations, logger, takeIn: (guest, newcomer, link) => pool.takeIn(guest, newcomer, link) }),
  })
  replica.onStop('worker door', () => door.close())
  // Last, so first: all that a drain needs is still there.
  replica.onStop('drain', () => drain.finish(), { deadlineMs: null })
  logger.info({ host: settings.workerHost, port: door.port }, 'listening for workers')
}
