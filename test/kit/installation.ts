import { openDatabase, transaction, type Database } from '@yardmaster/db'
import { activateGeneration } from '@yardmaster/db/verbs/activate-generation'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { builderDefaults, gitPollerDefaults, noChangeHooks, wwwDefaults, workerDefaults, type BasicScheduler, type BuilderConfig, type Configuration, type GitPollerConfig, type WorkerConfig } from '@yardmaster/domain'
import { freshDatabase } from './database.js'

/** An installation as rows: a database with one active generation and one living replica, without any process. */
export type Installation = { db: Database; url: string; generationId: number; replicaId: number; configuration: Configuration; close(): Promise<void> }

export function aBuilder(name: string, more: Partial<BuilderConfig> = {}): BuilderConfig {
  return { ...builderDefaults, name, key: name, builddir: name, workers: ['w1'], steps: [], ...more }
}

export function aWorker(name: string, more: Partial<WorkerConfig> = {}): WorkerConfig {
  return { ...workerDefaults, name, password: 'p', ...more }
}

export function aScheduler(name: string, more: Partial<BasicScheduler> = {}): BasicScheduler {
  return {
    kind: 'anyBranch', name, builders: ['b1'], properties: {}, priority: 0, reason: `The AnyBranchScheduler scheduler named '${name}' triggered this build`,
    treeStableTimer: null, changeFilter: { fields: {}, properties: {}, fn: null }, fileIsImportant: null, onlyImportant: false,
    codebases: { '': { repository: '', branch: null } }, ...more,
  }
}

export function aGitPoller(repository: string, more: Partial<GitPollerConfig> = {}): GitPollerConfig {
  return { ...gitPollerDefaults, name: repository, repository, branches: true, pollInterval: 2, ...more }
}

export function aConfiguration(more: Partial<Configuration> = {}): Configuration {
  return {
    title: 'Test', titleURL: null, projects: [], workers: [aWorker('w1')], pools: [],
    builders: [aBuilder('b1')], prioritizeBuilders: null, schedulers: [], changeSources: [], changeHooks: noChangeHooks, reporters: [], cancellers: [], www: wwwDefaults, ...more,
  }
}

export async function anInstallation(configuration: Configuration): Promise<Installation> {
  const database = await freshDatabase()
  const db = openDatabase({ url: database.url, connections: 8, onConnectionLost: () => {} })
  const { id: generationId } = await bringGeneration(db, configuration, 'first')
  const replicaId = await transaction(db, null, tx => registerReplica(tx, { role: 'scheduler', name: 'test', host: 'localhost', pid: 1, softwareVersion: '0' }))
  return { db, url: database.url, generationId, replicaId, configuration, close: async () => { await db.close(); await database.drop() } }
}

export function bringGeneration(db: Database, configuration: Configuration, digest: string): Promise<{ id: number; activated: boolean }> {
  return transaction(db, null, tx => activateGeneration(tx, { set: 'main', digest, code: '', configuration }))
}
