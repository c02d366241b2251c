import { join } from 'node:path'
import type { Configuration } from '@yardmaster/domain'
import { settingsToEnv, type Clock, type Random, type Settings } from '@yardmaster/runtime'
import { findNatsServer, startNats, startPostgres, type LocalServer, type ProcessIdentity } from '../local/index.js'
import { messageOf, Problem } from '../problem.js'
import { Keeper, type Running } from './keeper.js'
import { localEngine, localWorker, workerEnvironment } from './local-worker.js'
import type { UpOutput } from './output.js'
import { checkedConfiguration, checkMachine } from './preflight.js'
import { programOf, type Role } from './programs.js'
import { startRole } from './role.js'
import { StateFolder } from './state-folder.js'

export type UpOptions = {
  settings: Settings
  env: NodeJS.ProcessEnv
  clock: Clock
  random: Random
  output: UpOutput
  /** Aborted: stop in order. */
  stop: AbortSignal
  /** Aborted: kill what is still there. */
  kill: AbortSignal
}

/** By the order of the stop: who uses another goes before it, and the provisioner before the machines that it would start again. */
const stopOrder = ['provisioner', 'worker', 'machines', 'engine', 'scheduler', 'ui-api', 'NATS', 'PostgreSQL']

/** One run of `yard up`: everything that it has started, and the state folder that it holds. */
class Supervisor {
  readonly #keepers = new Map<string, Keeper>()
  /** Where machines on this host have their folders. */
  machineFolders: string[] = []
  constructor(readonly options: UpOptions, readonly state: StateFolder) {}

  /** Starts one process as a stage and keeps it running; a stop meanwhile ends the start. */
  async keep(name: string, start: () => Promise<Running>): Promise<void> {
    const { clock, output, stop } = this.options
    stop.throwIfAborted()
    const keeper = new Keeper({ name, start, clock, tell: text => output.note(text) })
    this.#keepers.set(name, keeper)
    await output.stage(name, () => keeper.start())
    stop.throwIfAborted()
  }

  record(name: string, stopSignal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): (identity: ProcessIdentity) => void {
    return identity => this.state.recordChild({ name, stopSignal, ...identity })
  }

  async stopAll(): Promise<void> {
    const onKill = () => { for (const keeper of this.#keepers.values()) keeper.kill() }
    this.options.kill.addEventListener('abort', onKill)
    if (this.options.kill.aborted) onKill()
    for (const name of stopOrder) await (name === 'machines' ? this.#stopMachines() : this.#keepers.get(name)?.stop())
  }

  /** They outlive their provisioner, but not us. */
  async #stopMachines(): Promise<void> {
    if (this.machineFolders.length === 0) return
    const { stopProcessMachines } = await import('@yardmaster/providers/process-machines')
    const counts = await Promise.all(this.machineFolders.map(folder => stopProcessMachines(folder, this.options)))
    const stopped = counts.reduce((sum, count) => sum + count, 0)
    if (stopped > 0) this.options.output.note(`stopped ${stopped} machine${stopped === 1 ? '' : 's'}`)
  }
}

/** The folders of machines that are processes of this host. */
function machineFoldersOf({ pools }: Configuration, home: string): string[] {
  const folders = pools.filter(({ provider }) => provider.kind === 'process').map(({ provider: { account } }) => account['folder'])
  return [...new Set(folders.map(folder => (typeof folder === 'string' ? folder : join(home, 'machines'))))]
}

/** A server of our own, which must come back on the port that everybody knows. */
async function onSamePort(earlier: LocalServer | null, start: () => Promise<LocalServer>): Promise<LocalServer> {
  const server = await start()
  if (earlier === null || server.port === earlier.port) return server
  await server.stop()
  throw new Error(`port ${earlier.port} is taken by another program now`)
}

async function keepPostgres(supervisor: Supervisor): Promise<string> {
  const { settings, clock, random, output } = supervisor.options
  if (settings.databaseUrl !== undefined) return settings.databaseUrl
  const { state } = supervisor
  let server: LocalServer | null = null
  const start = () => startPostgres({
    folder: join(settings.home, 'postgres'), preferredPort: server?.port ?? state.ports().postgres, durable: true, maxConnections: 200,
    clock, random, spawned: supervisor.record('PostgreSQL', 'SIGINT'), note: text => output.note(text),
  })
  await supervisor.keep('PostgreSQL', async () => (server = await onSamePort(server, start)))
  return urlOf(server, url => state.keepPorts({ postgres: url }))
}

async function keepNats(supervisor: Supervisor): Promise<string> {
  const { settings, clock, random, output } = supervisor.options
  if (settings.natsUrl !== undefined) return settings.natsUrl
  const { state } = supervisor
  let server: LocalServer | null = null
  const program = await findNatsServer(join(settings.home, 'programs'), text => output.note(text))
  const start = () => startNats({ program, folder: join(settings.home, 'nats'), preferredPort: server?.port ?? state.ports().nats, clock, random, spawned: supervisor.record('NATS') })
  await supervisor.keep('NATS', async () => (server = await onSamePort(server, start)))
  return urlOf(server, port => state.keepPorts({ nats: port }))
}

function urlOf(server: LocalServer | null, keepPort: (port: number) => void): string {
  if (server === null) throw new Error('a server counts as started, but was not')
  keepPort(server.port)
  return server.url
}

/** What a drain waits for besides, and all that ends after it. */
const orderlySeconds = 15

/** Who presses Ctrl-C waits for it: builds that cannot be handed over are given ten seconds unless said otherwise. */
function drainSeconds({ drainDeadline }: Settings): number {
  return drainDeadline ?? 10
}

function keepRole(supervisor: Supervisor, role: Role, env: NodeJS.ProcessEnv): Promise<void> {
  const { clock, output, stop, settings } = supervisor.options
  const stopWithinMs = (drainSeconds(settings) + orderlySeconds) * 1000
  return supervisor.keep(role, () => startRole({
    name: role, file: programOf(role), args: [], env, clock, signal: stop, stopWithinMs, spawned: supervisor.record(role), line: text => output.childLine(role, text),
  }))
}

/** The first failure, but only when all have settled: whoever stops everything then knows all that was started. */
async function allSettled<T>(works: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works)
  return Promise.all(works)
}

async function startAll(supervisor: Supervisor): Promise<void> {
  const { settings, env, clock, output, random } = supervisor.options
  const configuration = await output.stage('configuration', () => checkedConfiguration(settings.config, clock))
  const [databaseUrl, natsUrl] = await allSettled([keepPostgres(supervisor), keepNats(supervisor)])
  const worker = localWorker(configuration, settings, env, random)
  supervisor.machineFolders = machineFoldersOf(configuration, settings.home)
  const workerUrl = settings.workerUrl ?? localEngine(settings)
  const roleEnv = { ...env, ...settingsToEnv({ ...settings, databaseUrl, natsUrl, workerUrl, drainDeadline: drainSeconds(settings) }) }
  const roles: Role[] = ['scheduler', 'engine', 'ui-api', 'provisioner']
  await allSettled(roles.map(role => keepRole(supervisor, role, roleEnv)))
  const elsewhere = configuration.pools.filter(({ provider }) => provider.kind !== 'process').map(({ name }) => name)
  if (elsewhere.length > 0 && settings.workerUrl === undefined) output.note(`machines of ${elsewhere.join(', ')} will look for the engine at ${workerUrl}: where that is not this machine to them, set --worker-url or YARD_WORKER_URL`)
  if (worker === null && configuration.pools.length === 0) output.note(`${settings.config} has no worker: builds wait until one connects to port ${settings.workerPort}`)
  if (worker !== null) await keepRole(supervisor, 'worker', workerEnvironment(worker, settings, env))
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

async function clearLeftovers(state: StateFolder, { clock, output }: UpOptions): Promise<void> {
  const leftovers = state.leftovers()
  if (leftovers.length === 0) return
  output.note(`the last yard up here was killed: stopping what it left (${leftovers.map(({ name, pid }) => `${name} ${pid}`).join(', ')})`)
  await state.stopLeftovers(clock)
}

/**
 * Starts everything, says that it is ready, and stops everything in order when `stop` is aborted. Whatever goes wrong, nothing
 * that it started is left running. Throws a {@link Problem} when the start fails.
 */
export async function up(options: UpOptions): Promise<void> {
  const { settings, output, stop } = options
  const state = StateFolder.take(settings.home)
  const supervisor = new Supervisor(options, state)
  try {
    await clearLeftovers(state, options)
    await checkMachine(settings)
    await startAll(supervisor)
    output.ready(settings.baseUrl.replace(/\/$/, ''))
    await whenAborted(stop)
  } catch (error) {
    if (!stop.aborted) throw error instanceof Problem ? error : new Problem(messageOf(error), { cause: error })
  } finally {
    if (stop.aborted) output.note('stopping')
    await supervisor.stopAll()
    state.release()
    if (stop.aborted) output.note('stopped; the state is kept in ' + settings.home)
  }
}
