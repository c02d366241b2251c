import { hostname } from 'node:os'
import { connectBus, createQueues, startRelay, type OutboxReader, type Relay } from '@yardmaster/bus'
import { openDatabase, transaction } from '@yardmaster/db'
import { endReplica } from '@yardmaster/db/verbs/end-replica'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { readOutbox, removeFromOutbox } from '@yardmaster/db/verbs/relay-outbox'
import {
  createLogger, createRegistry, fileSecrets, readSettings, requireSetting, runProcess, startHealth, startLoop,
  type Clock, type HealthCheck, type HealthServer, type Lifecycle, type Logger, type Loop, type Random, type Settings,
} from '@yardmaster/runtime'
import { bringConfiguration } from './bring-configuration.js'
import { buildIndexes } from './build-indexes.js'
import { followReloads } from './follow-reloads.js'
import { createDuties } from './duties.js'
import { openGenerations } from './generations.js'
import { openInstallation } from './installation.js'
import { limitsOf } from './limits.js'
import { startLease } from './lease.js'
import type { Replica, Role } from './replica.js'

/** To PostgreSQL, when the queues live there: one for each worker that a role has, and one more. */
const QUEUE_CONNECTIONS = 6

export type ReplicaOptions = {
  role: Role
  version: string
  env: NodeJS.ProcessEnv
  clock: Clock
  random: Random
  /** Bring `yard.config.ts` as a generation at the start and on SIGHUP. */
  bringsConfiguration: boolean
  /** The role's own parts; resolves when they serve. */
  start(replica: Replica): Promise<void>
}

/** Runs a replica as this process until it is told to stop. Called by each service's `main.ts`. */
export function startReplica(options: ReplicaOptions): void {
  const logger = createLogger({ name: options.role, level: logLevel(options.env) })
  runProcess({ name: options.role, logger, clock: options.clock, start: lifecycle => begin(options, lifecycle, logger) })
}

/** A wrong level is told with all other settings, once there is a logger to tell it. */
function logLevel(env: NodeJS.ProcessEnv): Settings['logLevel'] {
  try {
    return readSettings(env).logLevel
  } catch {
    return 'info'
  }
}

async function begin(options: ReplicaOptions, lifecycle: Lifecycle, logger: Logger): Promise<void> {
  const { role, clock, random } = options
  const settings = readSettings(options.env)
  const databaseUrl = requireSetting(settings, 'databaseUrl')
  const db = openDatabase({ url: databaseUrl, connections: settings.dbConnections, onConnectionLost: error => logger.warn({ err: error }, 'a database connection was lost') })
  lifecycle.onStop('database', () => db.close())
  const installation = await openInstallation({ db, url: databaseUrl, clock, logger, signal: lifecycle.signal })
  const bus = await connectBus({ url: requireSetting(settings, 'natsUrl'), installation, name: `${role}@${hostname()}`, logger, clock, signal: lifecycle.signal })
  lifecycle.onStop('bus', () => bus.close())

  const limits = role === 'engine' ? limitsOf(settings) : null
  const id = await transaction(db, null, tx => registerReplica(tx, { role, name: `${hostname()}:${role}:${process.pid}`, host: hostname(), pid: process.pid, softwareVersion: options.version, sets: [settings.set], ...(role === 'engine' ? { limits, workerUrl: settings.workerUrl ?? null } : {}) }))
  lifecycle.onStop('replica', () => transaction(db, null, tx => endReplica(tx, { id, state: 'stopped' })))
  const registry = createRegistry({ role })
  const loops: Pick<Loop, 'hurry'>[] = []
  const loop: Replica['loop'] = spec => {
    const started = startLoop({ ...spec, clock, logger, registry, onError: error => failIfBuried(lifecycle, error) })
    loops.push(started)
    lifecycle.onStop(`loop ${spec.name}`, () => started.stop())
    return started
  }
  const generations = await openGenerations({ db, clock, logger, set: settings.set, everySet: role === 'ui-api' })
  const onBack = () => {
    db.hangUp()
    for (const each of loops) each.hurry()
  }
  const fence = { replicaId: id }
  const lease = startLease({ db, fence, id, clock, logger, loop, onBack })
  const checks: { [name: string]: HealthCheck } = { nats: () => bus.connected(), database: () => db.pool.query('SELECT 1').then(() => true), lease: () => !lease.cutOff() }
  const replica: Replica = {
    id, role, limits, installation, fence, lease, settings, logger, clock, random, registry, db, bus, generations, loop, lifecycle,
    secrets: fileSecrets(settings.secretsDir, options.env),
    duty: createDuties({ db, replicaId: id, clock }),
    queues: lazily(async () => {
      const queues = await createQueues({ databaseUrl, installation, logger, clock, connections: QUEUE_CONNECTIONS, ...(settings.redisUrl ? { redisUrl: settings.redisUrl } : {}) })
      lifecycle.onStop('queues', () => queues.close())
      return queues
    }),
    onStop: (name, stop, stopOptions) => lifecycle.onStop(name, stop, stopOptions),
    addReadinessCheck: (name, check) => { checks[name] = check },
  }
  loops.push(shareRelay(replica))
  followGenerations(replica)
  await buildIndexes(replica, databaseUrl)
  if (options.bringsConfiguration) await bringAndFollow(replica)
  // Answers until all else has stopped: a drain may take long, and is no reason to be killed.
  let health: HealthServer | undefined
  lifecycle.onStop('health', () => health?.close())
  await options.start(replica)
  if (settings.healthPort !== undefined) health = await startHealth({ host: settings.healthHost, port: settings.healthPort, checks, registry, clock })
  lifecycle.ready({ replica: id })
}

function failIfBuried(lifecycle: Lifecycle, error: unknown): void {
  if (error instanceof Error && error.name === 'ReplicaBuried') lifecycle.fail(error)
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

/** Events flow as long as one process lives: each sends its own, and any may sweep what others left. */
function shareRelay({ bus, db, clock, logger, registry, duty, onStop }: Replica): Pick<Relay, 'hurry'> {
  const outbox: OutboxReader = { read: query => readOutbox(db, query), remove: ids => removeFromOutbox(db, ids) }
  const relay = startRelay({ bus, outbox, clock, logger, registry, holdsDuty: () => duty('relay') })
  db.onCommitted = ({ wakes, told }) => {
    for (const topic of wakes) bus.wake(topic)
    if (told) relay.tell(told)
  }
  onStop('relay', () => relay.stop())
  return relay
}

function followGenerations({ bus, generations, loop }: Replica): void {
  const refresh = loop({ name: 'generations', everyMs: 5_000, run: () => generations.refresh() })
  bus.onWake('generations', () => refresh.notify())
}

async function bringAndFollow(replica: Replica): Promise<void> {
  const { lifecycle, logger } = replica
  await bringConfiguration(replica)
  await followReloads(replica)
  const onHangup = () => {
    logger.info('SIGHUP: reading the configuration again')
    bringConfiguration(replica).catch((error: unknown) => logger.error({ err: error }, 'the configuration could not be brought'))
  }
  process.on('SIGHUP', onHangup)
  lifecycle.onStop('SIGHUP', () => process.off('SIGHUP', onHangup))
}
