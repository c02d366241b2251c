import { FunctionTimeout } from '@yardmaster/config/host'
import { machineName, type Json, type MachineRequest, type WorkerConfig } from '@yardmaster/domain'
import { readEngineUrls, type OpenInstance } from '@yardmaster/db/verbs/read-ledger'
import { ProviderError } from '@yardmaster/providers'
import type { Provisioning } from '../deps.js'
import { noBuild, renderMachineOptions, type MachineOptions } from '../rendering/machine-options.js'
import { readRequestViews } from '../rendering/request-view.js'
import { fillStandIns } from '../rendering/stand-ins.js'

/** An instance's options, rendered for the request that it is started for. Throws ProviderError. */
export async function instanceOptions({ db, generations, providers, random }: Provisioning, { generationId, pool, requestId }: OpenInstance): Promise<MachineOptions> {
  const { provider } = await providers.pool(generationId, pool)
  const generation = await generations.get(generationId)
  const views = requestId === null ? null : await readRequestViews(db, generation, [requestId])
  try {
    return await renderMachineOptions(provider.machine, views?.get(requestId!) ?? noBuild, { generation, random })
  } catch (error) {
    // They could be rendered when the machine was wanted: on a busy host that may take too long for once.
    throw new ProviderError(`the machine's options: ${error instanceof Error ? error.message : String(error)}`, { failureClass: error instanceof FunctionTimeout ? 'retry' : 'configuration', cause: error })
  }
}

type Given = { password: string; options: MachineOptions['options'] }

/** The request for an instance's machine, with all that only it may know (`hidden`): never kept, never logged. Throws ProviderError. */
export async function machineRequest({ db, providers, secrets, installation, settings, set }: Provisioning, instance: OpenInstance, { password, options }: Given): Promise<{ request: MachineRequest; hidden: string[] }> {
  const { worker: name, attempt, zone, plan, generationId } = instance
  const label = { installation, worker: name, attempt }
  const { provider: { kind }, engineUrl } = await providers.pool(generationId, instance.pool)
  const urls = engineUrl === null ? await readEngineUrls(db, set) : [engineUrl]
  // A process on this host finds the engine where this host's workers do.
  if (urls.length === 0 && kind === 'process') urls.push(`ws://${settings.workerHost}:${settings.workerPort}`)
  if (urls.length === 0) throw new ProviderError('no engine that lives says where machines reach it: set YARD_WORKER_URL of the engines, or engineUrl of the pool', { failureClass: 'retry' })
  // Machines spread over the engines.
  const first = instance.id % urls.length
  const engines = [...urls.slice(first), ...urls.slice(0, first)]
  const access = { name, password, engines }
  const hidden = [password]
  const secret = (secretName: string) => {
    const value = secrets.get(secretName)
    if (value !== undefined) hidden.push(value)
    return value
  }
  return { request: { label, name: machineName(label), options: filled(options, { ...access, attempt, installation }, secret), zone, plan, worker: access }, hidden }
}

type Access = { name: string; password: string; engines: string[]; attempt: number; installation: string }

function filled(options: { [name: string]: Json }, { name, password, engines, attempt, installation }: Access, secret: (name: string) => string | undefined): { [name: string]: Json } {
  const { hostname, port, protocol } = new URL(engines[0]!)
  const worker = {
    name, password, engine: engines[0]!, engines: engines.join(','), engineHost: hostname, enginePort: port || (protocol === 'wss:' ? '443' : '80'), installation, attempt: String(attempt),
  }
  try {
    return fillStandIns(options, { worker, secret }) as { [name: string]: Json }
  } catch (error) {
    throw new ProviderError(error instanceof Error ? error.message : String(error), { failureClass: 'configuration', cause: error })
  }
}

/** The worker's password as the configuration gives it; null: its machine gets one of its own. */
export function configuredPassword({ secrets }: Provisioning, worker: WorkerConfig | undefined): string | null {
  if (!worker?.password) return null
  if (typeof worker.password === 'string') return worker.password
  const secret = secrets.get(worker.password.$secret)
  if (secret === undefined) throw new ProviderError(`worker ${worker.name}: there is no secret named '${worker.password.$secret}'`, { failureClass: 'alert' })
  return secret
}
