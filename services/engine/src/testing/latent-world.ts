import { transaction } from '@yardmaster/db'
import { condemnInstance, type Condemning } from '@yardmaster/db/verbs/condemn-instance'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { requestInstances, type InstanceWanted } from '@yardmaster/db/verbs/request-instances'
import { poolDefaults, type BuilderConfig, type PoolConfig, type WorkerConfig } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { aBuilder, aConfiguration, anInstallation, aWorker, type Installation } from '../../../../test/kit/installation.js'
import { admission } from '../wire/admission.js'
import { digest } from '../wire/credentials.js'
import { WantedMachines } from '../wire/wanted-machines.js'
import { startTestEngine, type TestEngine } from './test-engine.js'

export type LatentWorld = Awaited<ReturnType<typeof aLatentWorld>>

/** An installation with a pool `p` of three slots, whose machines are rows: nobody provisions. Builder `b` builds on them. */
export async function aLatentWorld({ pool = {}, builder = {}, worker = {}, more = [] }: { pool?: Partial<PoolConfig>; builder?: Partial<BuilderConfig>; worker?: Partial<WorkerConfig>; more?: WorkerConfig[] } = {}) {
  const slots = ['p-1', 'p-2', 'p-3']
  const p: PoolConfig = { ...poolDefaults, name: 'p', workers: slots, max: 3, provider: { kind: 'process', account: {}, machine: {} }, ...pool }
  const world: Installation = await anInstallation(aConfiguration({
    workers: [...slots.map(name => aWorker(name, { pool: 'p', password: null, ...worker })), ...more], pools: [p],
    builders: [aBuilder('b', { workers: [...slots, ...more.map(({ name }) => name)], collapseRequests: false, ...builder })],
  }))
  const { db, configuration, generationId } = world
  const replicaId = await transaction(db, null, tx => registerReplica(tx, { role: 'latent-worker-provisioner', name: 'p', host: 'h', pid: 1, softwareVersion: '0' }))
  const fence = { replicaId }
  const engines: TestEngine[] = []
  const rows = async <Row extends object>(sql: string) => (await db.pool.query<Row>(sql)).rows
  return {
    ...world, rows, fence,
    async anEngine(code = ''): Promise<TestEngine> {
      const machines = new WantedMachines(db, systemClock())
      const engine = await startTestEngine(world, { code, admit: credentials => admission({ configuration: () => configuration, secrets: { get: () => undefined }, machines }, credentials) })
      engines.push(engine)
      return engine
    },
    /** A machine of the slot that is wanted from now on; its worker's password is `password`. */
    async machine(slot: number, { password = 'p', ...wanted }: { password?: string } & Partial<InstanceWanted> = {}): Promise<number> {
      const [newest] = await rows<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM instances')
      const { created: [instance] } = await transaction(db, fence, tx => requestInstances(tx, { set: 'main', newest: newest!.id, wanted: [{
        poolId: 1, workerId: slot, provider: 'process', generationId, fingerprint: null, requestId: null, zone: null, plan: null, price: null, reason: 'a test', ...wanted }] }))
      await db.pool.query('UPDATE instances SET password_hash = $2 WHERE id = $1', [instance!.id, digest(password).toString('hex')])
      return instance!.id
    },
    condemn: (instanceId: number, how: Partial<Condemning> = {}) => transaction(db, fence, tx => condemnInstance(tx, { instanceId, reason: 'it was idle', building: 'leave', ...how })),
    /** Nothing of it is left, as far as its slot is concerned. */
    async freed(instanceId: number): Promise<void> {
      await db.pool.query('UPDATE instances SET holds_slot = false, gone_at = now() WHERE id = $1', [instanceId])
    },
    async close(): Promise<void> {
      for (const engine of engines.splice(0)) await engine.stop()
      await world.close()
    },
  }
}
