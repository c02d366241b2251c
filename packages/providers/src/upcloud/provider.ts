import { sameLabel, type Json, type Machine, type MachineProvider, type MachineRequest } from '@yardmaster/domain'
import type { ProviderDeps } from '../open-provider.js'
import { ProviderError } from '../provider-error.js'
import { checkOnline } from './check-online.js'
import { isAbsent, UpcloudClient } from './client.js'
import { Images } from './images.js'
import { at, textAt } from './json-read.js'
import { labelIn, labelOfTitle, labelsOf, ofInstallation, ofMachine } from './labels.js'
import { machineOf } from './machines.js'
import { Catalogues, priceOf } from './prices.js'
import { removeLeftoverDisk, removeServer } from './removal.js'
import { diskSize, serverBody } from './server-body.js'
import { serverOptions } from './server-options.js'

const publicApi = 'https://api.upcloud.com/1.3'

/** Machines of UpCloud: an account's `apiToken`, or `apiUsername` and `apiPassword`, at its `baseUrl`. */
export function openUpcloud(account: { [name: string]: Json }, deps: ProviderDeps): MachineProvider {
  const client = new UpcloudClient({ baseUrl: baseUrlOf(account), authorization: authorizationOf(account) }, deps)
  const images = new Images(client, deps.clock)
  const catalogues = new Catalogues(client, deps.clock)
  const disks = new DiskLabels(client, deps)
  return {
    version: 1,
    create: async (request, signal) => disks.expect(await createServer({ client, images }, request, signal)),
    async list(installation, signal) {
      const listed = await listAll(client, installation, signal)
      await disks.label(listed.machines, signal)
      return listed
    },
    async get(id, signal) {
      const server = at(await client.find(`/server/${id}`, signal) ?? undefined, 'server')
      if (server === undefined) return null
      const machine = machineOf(server)
      if (machine === null) throw new ProviderError(`UpCloud's server ${id} does not carry Yardmaster's labels any more: give them back, or remove it yourself`, { failureClass: 'alert' })
      return machine
    },
    remove(machine, signal) {
      disks.forget(machine.id)
      return removeServer(client, machine, signal)
    },
    removeLeftover: (leftover, signal) => removeLeftoverDisk(client, leftover, signal),
    async price(request, signal) {
      const options = serverOptions(pricedOptions(request))
      const image = await images.find(options.image, options.zone, signal)
      return priceOf(await catalogues.get(signal), options, diskSize(options, image))
    },
    check: (request, signal) => checkOnline({ client, images, catalogues }, request, signal),
  }
}

const priced = ['zone', 'plan', 'coreNumber', 'memoryAmount', 'osDiskSize', 'storageTier', 'publicNetwork']

/** A price is asked for options as the ledger keeps them, with stand-ins for what only the machine may know: none of it costs anything. */
function pricedOptions({ options, zone, plan }: Pick<MachineRequest, 'options' | 'zone' | 'plan'>): Pick<MachineRequest, 'options' | 'zone' | 'plan'> {
  const host = Object.fromEntries(priced.flatMap(option => (at(options, 'hostconfig', option) === undefined ? [] : [[option, at(options, 'hostconfig', option) ?? null]])))
  return { options: { image: options['image'] ?? null, hostconfig: host }, zone, plan }
}

function baseUrlOf({ baseUrl }: { [name: string]: Json }): string {
  return typeof baseUrl === 'string' && baseUrl !== '' ? baseUrl : publicApi
}

function authorizationOf({ apiToken, apiUsername, apiPassword }: { [name: string]: Json }): string {
  if (typeof apiToken === 'string' && apiToken !== '') return `Bearer ${apiToken}`
  if (typeof apiUsername !== 'string' || typeof apiPassword !== 'string') {
    throw new ProviderError('UpCloud needs an apiToken, or apiUsername and apiPassword: give one of them', { failureClass: 'configuration' })
  }
  return `Basic ${Buffer.from(`${apiUsername}:${apiPassword}`).toString('base64')}`
}

async function createServer({ client, images }: { client: UpcloudClient; images: Images }, request: MachineRequest, signal: AbortSignal): Promise<Machine> {
  const options = serverOptions(request)
  const image = await readOnly(() => images.find(options.image, options.zone, signal))
  const body = serverBody(request, options, image)
  const [already] = await readOnly(() => client.list(`/server/?${ofMachine(request.label)}`, ['servers', 'server'], signal))
  const known = machineOf(already)
  if (known) return known
  try {
    const machine = machineOf(at(await client.post('/server', body, signal), 'server'))
    if (machine) return machine
  } catch (error) {
    if (isAbsent(error)) images.forget()
    throw withoutPassword(error, request.worker.password)
  }
  throw new ProviderError('UpCloud answered POST /server without a server that carries the labels it was to have', { failureClass: 'retry', mayHaveHappened: true })
}

/** What only reads has made no machine, whatever became of its answer. */
async function readOnly<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof ProviderError) || !error.mayHaveHappened) throw error
    const { message, failureClass, code, retryAfterMs, cause } = error
    throw new ProviderError(message, { failureClass, code, retryAfterMs, cause })
  }
}

/** An API may quote what it refuses. */
function withoutPassword(error: unknown, password: string): unknown {
  if (!(error instanceof ProviderError) || password === '' || !error.message.includes(password)) return error
  const { message, failureClass, code, mayHaveHappened, retryAfterMs } = error
  return new ProviderError(message.replaceAll(password, '***'), { failureClass, code, mayHaveHappened, retryAfterMs })
}

/** Disks first: one whose machine is made meanwhile then finds its machine, and none is taken for a leftover. */
async function listAll(client: UpcloudClient, installation: string, signal: AbortSignal): ReturnType<MachineProvider['list']> {
  const storages = (await client.list('/storage/private', ['storages', 'storage'], signal)).flatMap(storage => {
    const label = labelIn(storage['labels']) ?? labelOfTitle(textAt(storage, 'title'), installation)
    const id = textAt(storage, 'uuid')
    const ours = label?.installation === installation && id !== null && textAt(storage, 'type') === 'normal'
    return ours ? [{ id, label, title: textAt(storage, 'title'), createdAt: createdAt(textAt(storage, 'created')) }] : []
  })
  const servers = await client.list(`/server/?${ofInstallation(installation)}`, ['servers', 'server'], signal)
  const machines = servers.flatMap(server => machineOf(server) ?? []).filter(({ label }) => label.installation === installation)
  const titles = new Map(servers.map(server => [textAt(server, 'uuid'), textAt(server, 'title')]))
  const disksOf = (machine: Machine) => storages.filter(({ label, title }) => sameLabel(label, machine.label) || title === titles.get(machine.id))
  const found = machines.map(machine => ({ ...machine, storages: disksOf(machine).map(({ id }) => id) }))
  const attached = new Set(found.flatMap(machine => machine.storages))
  return { machines: found, leftovers: storages.filter(({ id }) => !attached.has(id)).map(({ id, label, createdAt: created }) => ({ id, kind: 'storage', label, createdAt: created })) }
}

function createdAt(text: string | null): number | null {
  const moment = Date.parse(text ?? '')
  return Number.isNaN(moment) ? null : moment
}

const MOST_LABELLED = 20

/** A disk can be labelled once its machine runs, not by the request that makes it. Its title is there from the start, so a label that is never set loses nothing. */
class DiskLabels {
  readonly #client: UpcloudClient
  readonly #deps: ProviderDeps
  /** Machines that this process made and has not seen running. */
  readonly #expected = new Set<string>()

  constructor(client: UpcloudClient, deps: ProviderDeps) {
    this.#client = client
    this.#deps = deps
  }

  expect(machine: Machine): Machine {
    this.#expected.add(machine.id)
    return machine
  }

  forget(id: string): void {
    this.#expected.delete(id)
  }

  /** Those that run now. A few at a time: a list is awaited, and who is left out has its turn at the next. */
  async label(machines: readonly Machine[], signal: AbortSignal): Promise<void> {
    for (const machine of machines.filter(({ id, state, storages }) => this.#expected.has(id) && state === 'running' && storages.length > 0).slice(0, MOST_LABELLED)) {
      this.#expected.delete(machine.id)
      for (const storage of machine.storages) await this.#labelDisk(storage, machine, signal)
    }
  }

  async #labelDisk(storage: string, { id, label }: Machine, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.put(`/storage/${storage}`, { storage: { labels: labelsOf(label) } }, signal)
    } catch (error) {
      this.#deps.logger.info({ storage, server: id, reason: error instanceof Error ? error.message : String(error) }, 'a disk has no labels, only its title')
    }
  }
}
