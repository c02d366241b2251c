import { ConfigurationThreads } from '@yardmaster/config/host'
import { transaction } from '@yardmaster/db'
import { readOpenInstances } from '@yardmaster/db/verbs/read-ledger'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { requestInstances } from '@yardmaster/db/verbs/request-instances'
import { poolDefaults, type PoolConfig } from '@yardmaster/domain'
import type { Generations, LoadedGeneration } from '@yardmaster/replica'
import { createLogger, createRegistry, readSettings, startLoop, systemClock, systemRandom, type Loop } from '@yardmaster/runtime'
import PQueue from 'p-queue'
import { aConfiguration, anInstallation, aWorker, type Installation } from '../../../../test/kit/installation.js'
import type { Provisioning } from '../deps.js'
import { ledgerWriter } from '../write-ledger.js'
import { judgeInstances } from '../do/judge-instances.js'
import { lookAtAccount, type Sightings } from '../do/look-at-account.js'
import { advanceInstances, type Advancing } from '../loops/advance.js'
import { observeInstances } from '../loops/observe.js'
import type { Account } from '../providers/registry.js'
import { Cloud } from './cloud.js'

export type LedgerRow = {
  id: number; worker: string; attempt: number; desired: string; observed: string; operation: string | null; unsure: boolean; holds_slot: boolean; external_id: string | null; gone: boolean
  failure: string | null; failure_class: string | null; end_reason: string | null; password_hash: string | null; options: object; fingerprint: string | null
}

/** A provisioner's replica: advancing by itself, looking when it is told to. */
export type TestProvisioner = { deps: Provisioning; lines: string[]; look(): Promise<string | null>; /** As its loop does. */ observe(): Promise<void>; judge(): Promise<void>; /** Another has the duty now. */ dismiss(): void; stop(): Promise<void> }

/** A database with a pool of three, and a cloud. */
export class LedgerWorld {
  readonly cloud = new Cloud()
  #provisioners: TestProvisioner[] = []

  private constructor(readonly installation: Installation, readonly id: string, readonly pool: PoolConfig) {}

  static async start(more: Partial<PoolConfig> = {}): Promise<LedgerWorld> {
    const workers = ['p-1', 'p-2', 'p-3']
    const pool: PoolConfig = { ...poolDefaults, name: 'p', workers, max: 3, provider: { kind: 'custom', account: {}, machine: { script: { $interpolate: 'join %(worker:engine)s as %(worker:name)s with %(worker:password)s' } } }, ...more }
    const installation = await anInstallation(aConfiguration({ pools: [pool], workers: workers.map(name => aWorker(name, { pool: 'p', password: null })) }))
    const { rows } = await installation.db.pool.query<{ id: string }>('SELECT id FROM installation')
    await transaction(installation.db, null, tx => registerReplica(tx, { role: 'engine', name: 'e', host: 'h', pid: 2, softwareVersion: '0', sets: ['main'], workerUrl: 'ws://engine:9989' }))
    return new LedgerWorld(installation, rows[0]!.id, pool)
  }

  /** Settles in `settle` seconds. */
  async provisioner({ settle = 0.4 }: { settle?: number } = {}): Promise<TestProvisioner> {
    const { db } = this.installation
    const [clock, random, lines] = [systemClock(), systemRandom(), [] as string[]]
    const logger = createLogger({ name: 'test', destination: { write: (line: string) => { lines.push(line) } } })
    const replicaId = await transaction(db, null, tx => registerReplica(tx, { role: 'latent-worker-provisioner', name: 'p', host: 'h', pid: 1, softwareVersion: '0' }))
    let holdsDuty = true
    const account: Account = { key: 'cloud', kind: 'custom', provider: this.cloud, queue: new PQueue({ concurrency: 8 }) }
    const { configuration, generationId } = this.installation
    const loaded: LoadedGeneration = { id: generationId, configuration, threads: new ConfigurationThreads({ bundle: '', clock }) }
    const generations: Generations = { active: () => loaded, everyActive: () => [loaded], get: () => Promise.resolve(loaded), onChange: () => {}, refresh: () => Promise.resolve() }
    const deps: Provisioning = {
      db, write: ledgerWriter({ db, fence: { replicaId } }), clock, random, logger, generations, secrets: { get: () => undefined }, installation: this.id, settings: { ...readSettings({}), machineSettle: settle }, registry: createRegistry({ role: 'test' }),
      replicaId, set: 'main', providers: { of: () => Promise.resolve(account), pool: () => Promise.resolve(this.pool), close: () => Promise.resolve() }, holdsDuty: () => Promise.resolve(holdsDuty),
      advance: () => loop.notify(), observe: () => {},
    }
    const advancing: Advancing = advanceInstances(deps, epochMs => loop.setAlarm(epochMs))
    const loop: Loop = startLoop({ name: 'advance', clock, logger, everyMs: 100, run: async () => { await advancing.giveBack(); if (holdsDuty) await advancing.run() } })
    const seen: Sightings = new Map()
    const observing = observeInstances(deps, () => {})
    const provisioner: TestProvisioner = {
      deps, lines, observe: observing.run,
      look: async () => lookAtAccount(deps, { account, instances: await readOpenInstances(db, 'main'), pools: [{ generationId: this.installation.generationId, poolId: await this.poolId(), pool: 'p' }], seen }, new AbortController().signal),
      judge: async () => judgeInstances(deps, await readOpenInstances(db, 'main'), () => clock.monotonic()),
      dismiss: () => { holdsDuty = false },
      stop: async () => { await loop.stop(); await advancing.stop(); await observing.stop() },
    }
    this.#provisioners.push(provisioner)
    return provisioner
  }

  async poolId(): Promise<number> {
    return (await this.rows<{ id: number }>('SELECT id FROM worker_pools'))[0]!.id
  }

  /** Writes down that these workers want machines. */
  async want(...workers: string[]): Promise<number[]> {
    const [poolId, ids] = [await this.poolId(), await this.rows<{ id: number; name: string }>('SELECT id, name FROM workers')]
    const wanted = workers.map(name => ({
      poolId, workerId: ids.find(worker => worker.name === name)!.id, provider: 'custom' as const, generationId: this.installation.generationId, fingerprint: null, requestId: null, zone: null, plan: null, price: null, reason: 'test',
    }))
    const [newest] = await this.rows<{ id: number }>('SELECT coalesce(max(id), 0)::bigint AS id FROM instances')
    const { created } = await transaction(this.installation.db, null, tx => requestInstances(tx, { set: 'main', newest: newest!.id, wanted }))
    return created.map(({ id }) => id)
  }

  async rows<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return (await this.installation.db.pool.query<Row>(sql, parameters)).rows
  }

  ledger(): Promise<LedgerRow[]> {
    return this.rows<LedgerRow>(
      `SELECT i.id, w.name AS worker, i.attempt, i.desired, i.observed, i.operation, i.unsure_since IS NOT NULL AS unsure, i.holds_slot, i.external_id, i.gone_at IS NOT NULL AS gone, i.failure, i.failure_class,
         i.end_reason, i.password_hash, i.options, i.fingerprint FROM instances i JOIN workers w ON w.id = i.worker_id ORDER BY i.id`)
  }

  async close(): Promise<void> {
    await Promise.all(this.#provisioners.map(provisioner => provisioner.stop()))
    await this.installation.close()
  }
}
