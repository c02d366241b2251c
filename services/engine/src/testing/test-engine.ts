import { ConfigurationThreads } from '@yardmaster/config/host'
import type { SourceStampData } from '@yardmaster/domain'
import { GroupCommit, IdBlock, transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import type { Generations, LoadedGeneration } from '@yardmaster/replica'
import { createLogger, startLoop, systemClock, systemRandom } from '@yardmaster/runtime'
import type { Installation } from '../../../../test/kit/installation.js'
import { BuildRuns } from '../build/build-runs.js'
import { ChildBuildsets } from '../build/child-buildsets.js'
import { LockWaits } from '../build/lock-waits.js'
import { staticLocks } from '../build/step-locks.js'
import { Pressure } from '../build/pressure.js'
import { GuardedFunctions } from '../claim/guarded-functions.js'
import { claimWaiting } from '../loops/claim-requests.js'
import { decideCollapses } from '../loops/decide-collapses.js'
import { releaseMachines } from '../loops/release-machines.js'
import { openWorkerDoor, type WorkerDoorOptions } from '../wire/worker-door.js'
import { reconcileSessions } from '../workers/reconcile-sessions.js'
import { keepaliveMs } from '../workers/keepalive.js'
import { WorkerPool } from '../workers/worker-pool.js'
import type { WorkerSession } from '../workers/worker-session.js'

export type TestEngine = Awaited<ReturnType<typeof startTestEngine>>

/** The engine's parts as `startEngine` joins them, but for its loops: the test says when. `onBuilds` runs before builds are taken over. */
export async function startTestEngine(world: Installation, { onBuilds, takesWorkers = () => true, onIdle = () => {}, admit = ({ name }) => Promise.resolve({ name, instanceId: null }), code = '' }: { onBuilds?: (session: WorkerSession) => Promise<void>; takesWorkers?: () => boolean; onIdle?: () => void; admit?: WorkerDoorOptions['admit']; code?: string } = {}) {
  const [clock, random, logger] = [systemClock(), systemRandom(), createLogger({ name: 'test', level: 'silent' })]
  const { db, configuration } = world
  const replicaId = await transaction(db, null, tx => registerReplica(tx, { role: 'engine', name: 'e', host: 'h', pid: 1, softwareVersion: '0' }))
  const fence = { replicaId }
  const threads = new ConfigurationThreads({ bundle: code, clock, longThreads: 1, pingMs: 200, unanswered: 5 })
  const generation: LoadedGeneration = { id: world.generationId, configuration, threads }
  const generations: Generations = { active: () => generation, everyActive: () => [generation], get: () => Promise.resolve(generation), onChange: () => {}, refresh: () => Promise.resolve() }
  const commit = new GroupCommit({ db, replicaId, clock, logger, onBuried: () => {} })
  const secrets = { get: (name: string) => (name === 'token' ? 'hunter2' : undefined) }
  const locks = new LockWaits({ db, fence, logger, notify: () => lockTurns.notify(), locksOf: key => staticLocks(generation, key) })
  // Nobody wakes it here but a step that begins to wait.
  const lockTurns = startLoop({ name: 'locks', clock, logger, everyMs: 100, run: () => locks.sweep() })
  const children = new ChildBuildsets({ db, fence, clock, logger })
  const parts = { db, commit, locks, pressure: new Pressure(commit), logIds: new IdBlock({ db, sequence: 'logs_id_seq', size: 4, clock }), artifactIds: new IdBlock({ db, sequence: 'artifacts_id_seq', size: 4, clock }), children, secrets, installation: 'i', baseUrl: 'http://yard/', clock, random, logger }
  const runs = new BuildRuns(parts, generations, () => {})
  const functions = new GuardedFunctions({ clock, logger })
  const pool = new WorkerPool({
    db, fence, installation: 'i', clock, logger, takesWorkers,
    onContest: () => { pool.answerContests().catch(() => {}) },
    onBuilds: async (session, builds) => { await onBuilds?.(session); await runs.adopt(session, builds) },
    onOver: session => runs.abandon(session), isOurs: id => runs.hasCommand(id), onTold: () => {}, onIdle, keepaliveMs: name => keepaliveMs(configuration, name),
  })
  const door = await openWorkerDoor({ host: '127.0.0.1', port: 0, clock, random, logger, admit, onHello: (guest, hello, link) => pool.takeIn(guest, hello, link) })
  return {
    replicaId, fence, generations, children, runs, pool, settled: () => commit.settled(), port: door.port,
    claim: () => claimWaiting({ db, fence, clock, generations, pool, runs, functions, limits: null }),
    decideCollapses: () => decideCollapses({ db, fence, clock, generations, functions }),
    reconcile: () => reconcileSessions(db, replicaId, pool, {
      builds: (session, builds) => runs.adopt(session, builds),
      disconnected: session => pool.disconnected(session),
    }),
    releaseMachines: () => releaseMachines({ db, generations, pool, logger }),
    async stop() {
      await door.close()
      runs.handOver()
      await lockTurns.stop()
      await commit.settled()
      threads.close()
    },
  }
}

/** Asks the builder for a build; answers the id of the request. */
export async function ask(world: Installation, builder: string, sourcestamps: SourceStampData[] = []): Promise<number> {
  const { requests } = await transaction(world.db, null, tx => addBuildset(tx, {
    reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties: {}, sourcestamps, builderNames: [builder], priority: 0 }))
  return requests[0]!.requestId
}
