import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration, ConfigurationThreads } from '@yardmaster/config/host'
import { transaction } from '@yardmaster/db'
import { activateGeneration } from '@yardmaster/db/verbs/activate-generation'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { claimRequests } from '@yardmaster/db/verbs/claim-requests'
import { forgivePools } from '@yardmaster/db/verbs/forgive-pools'
import { openSession } from '@yardmaster/db/verbs/open-session'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import type { Json, Price } from '@yardmaster/domain'
import type { Generations, LoadedGeneration } from '@yardmaster/replica'
import { createLogger, createRegistry, readSettings, systemClock, systemRandom } from '@yardmaster/runtime'
import PQueue from 'p-queue'
import { anInstallation, aConfiguration, type Installation } from '../../../../test/kit/installation.js'
import type { Provisioning } from '../deps.js'
import { ledgerWriter } from '../write-ledger.js'
import { createLooking } from '../demand/look.js'
import { meetDemand } from '../loops/demand.js'
import { scaleIn } from '../loops/scale-in.js'
import { Cloud } from './cloud.js'

export type InstanceRow = { id: number; worker: string; desired: string; fingerprint: string | null; request_id: number | null; zone: string | null; price: number | null; end_reason: string | null; retire_reason: string | null }

const clock = systemClock()
const signal = new AbortController().signal

/** A database with configurations as users write them, and who decides which machines are wanted; nobody makes them. */
export class DemandWorld {
  /** What a machine costs; an error: the provider does not say. */
  price: Price | null | Error | ((options: { [name: string]: Json }) => Price | null) = null
  /** Generations that cannot be loaded. */
  readonly unreadable = new Set<number>()
  #generations: LoadedGeneration[] = []
  #engine = 0

  private constructor(readonly installation: Installation) {}

  /** `config`: text of what follows the imports. */
  static async start(config: string): Promise<DemandWorld> {
    const world = new DemandWorld(await anInstallation(aConfiguration({ workers: [], builders: [] })))
    await world.configure(config)
    world.#engine = await transaction(world.installation.db, null, tx => registerReplica(tx, { role: 'engine', name: 'e', host: 'h', pid: 2, softwareVersion: '0' }))
    return world
  }

  async configure(config: string): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'yardmaster-demand-'))
    writeFileSync(join(folder, 'yard.config.ts'), `import { defineConfig, providers, steps, util, workers } from '@yardmaster/config'\n${config}`)
    const checked = await checkConfiguration(join(folder, 'yard.config.ts'), clock.setTimeout)
    rmSync(folder, { recursive: true })
    if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
    const { configuration, bundle: { code } } = checked
    const { id } = await transaction(this.installation.db, null, tx => activateGeneration(tx, { set: 'main', digest: `g${this.#generations.length}`, code, configuration }))
    this.#generations.push({ id, configuration, threads: new ConfigurationThreads({ bundle: code, clock }) })
  }

  /** One replica's loops, run when they are asked to. */
  async provisioner(): Promise<{ /** Once. */ look(): Promise<{ again: boolean }>; demand(): Promise<void>; scaleIn(): Promise<void>; forgive(): Promise<number> }> {
    const { db } = this.installation
    const logger = createLogger({ name: 'test', destination: { write: () => {} } })
    const replicaId = await transaction(db, null, tx => registerReplica(tx, { role: 'latent-worker-provisioner', name: 'p', host: 'h', pid: 1, softwareVersion: '0' }))
    const provider = Object.assign(new Cloud(), {
      price: ({ options }: { options: { [name: string]: Json } }) => (this.price instanceof Error ? Promise.reject(this.price) : Promise.resolve(typeof this.price === 'function' ? this.price(options) : this.price)),
    })
    const generations: Generations = {
      active: () => this.#generations.at(-1)!, everyActive: () => this.#generations.slice(-1), get: id => (this.unreadable.has(id) ? Promise.reject(new Error('it cannot be read')) : Promise.resolve(this.#generations.find(one => one.id === id)!)), onChange: () => {}, refresh: () => Promise.resolve(),
    }
    const deps: Provisioning = {
      db, write: ledgerWriter({ db, fence: { replicaId } }), clock, random: systemRandom(), logger, generations, secrets: { get: () => undefined }, installation: 'i', settings: readSettings({}), registry: createRegistry({ role: 'test' }), replicaId, set: 'main',
      providers: {
        of: () => Promise.resolve({ key: 'cloud', kind: 'process', provider, queue: new PQueue() }), close: () => Promise.resolve(),
        pool: (id, name) => Promise.resolve(this.#generations.find(one => one.id === id)!.configuration.pools.find(pool => pool.name === name)!),
      },
      holdsDuty: () => Promise.resolve(true), advance: () => {}, observe: () => {},
    }
    const looking = createLooking(deps)
    const [demand, scaling] = [meetDemand(deps, looking), scaleIn(deps, looking, () => {})]
    return { look: () => demand(signal), demand: async () => { while ((await demand(signal)).again); }, scaleIn: () => scaling(signal), forgive: () => deps.write(tx => forgivePools(tx, 'main')) }
  }

  async ask(builder: string, properties: { [name: string]: string } = {}): Promise<number> {
    const { requests: [request] } = await transaction(this.installation.db, null, tx => addBuildset(tx, {
      reason: 'r', scheduler: null, actor: 'user:a', generationId: this.#generations.at(-1)!.id, properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, [value, 'test']])),
      sourcestamps: [], builderNames: [builder], priority: 0 }))
    return request!.requestId
  }

  /** The request is built on that instance's worker. */
  async build(requestId: number, instanceId: number): Promise<void> {
    const [{ workerId } = { workerId: 0 }] = await this.rows<{ workerId: number }>('SELECT worker_id AS "workerId" FROM instances WHERE id = $1', [instanceId])
    const fence = { replicaId: this.#engine }
    const session = await transaction(this.installation.db, fence, tx => openSession(tx, { workerId, replicaId: this.#engine, processId: `p${workerId}`, info: {}, instanceId }))
    const [request] = await this.rows<{ builderId: number; buildsetId: number }>('SELECT builder_id AS "builderId", buildset_id AS "buildsetId" FROM build_requests WHERE id = $1', [requestId])
    const { builds } = await transaction(this.installation.db, fence, tx => claimRequests(tx, this.#engine, [{
      ...request!, requestId, projectId: null, project: null, workerId, sessionNumber: session!.number, units: 1, generationId: this.#generations.at(-1)!.id, properties: {}, steps: [], machine: { maxUses: null, maxAge: null } }]))
    if (builds.length === 0) throw new Error(`request ${requestId} was not claimed`)
  }

  async rows<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return (await this.installation.db.pool.query<Row>(sql, parameters)).rows
  }

  instances(): Promise<InstanceRow[]> {
    return this.rows<InstanceRow>(
      'SELECT i.id, w.name AS worker, i.desired, i.fingerprint, i.request_id, i.zone, i.price_per_hour AS price, i.end_reason, i.retire_reason FROM instances i JOIN workers w ON w.id = i.worker_id ORDER BY i.id')
  }

  async close(): Promise<void> {
    await this.installation.close()
    for (const { threads } of this.#generations) threads.close()
  }
}
