import { sameLabel, type Json, type Machine, type MachineLabel, type MachineProvider, type MachineRequest, type OnlineFinding } from '@yardmaster/domain'
import type { Clock } from '@yardmaster/runtime'
import type Docker from 'dockerode'
import { ProviderError } from '../provider-error.js'
import { begunMachines, type Begun } from './begun.js'
import { containerPlan, inspectedMachine, labelFilter, labelOf, listedMachine, machineIdOf, type ContainerPlan } from './container.js'
import { failure, statusOf } from './failures.js'
import { openHosts, type DockerHost, type RegistryAuth } from './hosts.js'
import { pulls, type Pulls } from './pulls.js'

async function listOn({ url, docker }: DockerHost, installation: string, signal: AbortSignal): Promise<Machine[]> {
  try {
    const found = await docker.listContainers({ all: true, filters: labelFilter(installation), abortSignal: signal })
    return found.map(info => listedMachine(url, info)).filter(machine => machine !== null)
  } catch (error) {
    throw failure(url, 'list containers', error)
  }
}

async function inspect({ url, docker }: DockerHost, container: string, signal: AbortSignal): Promise<Docker.ContainerInspectInfo | null> {
  try {
    return await docker.getContainer(container).inspect({ abortSignal: signal })
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw failure(url, `look at container ${container}`, error)
  }
}

/** 'going': its removal is under way already. Volumes without a name go with it. */
async function removeFrom({ url, docker }: DockerHost, container: string, signal: AbortSignal): Promise<'gone' | 'going'> {
  try {
    const options: Docker.ContainerRemoveOptions & { abortSignal: AbortSignal } = { force: true, v: true, abortSignal: signal }
    await docker.getContainer(container).remove(options)
    return 'gone'
  } catch (error) {
    if (statusOf(error) === 404) return 'gone'
    if (statusOf(error) === 409) return 'going'
    throw failure(url, `remove container ${container}`, error)
  }
}

type Making = { host: DockerHost; name: string; plan: ContainerPlan; label: MachineLabel; signal: AbortSignal }

/** The id of the container, made or found under its name; null: the host does not have the image. */
async function makeContainer({ host, name, plan, label, signal }: Making): Promise<string | null> {
  const { url, docker } = host
  try {
    // What is not kept apart ends in the query, with the password in it.
    const options: Docker.ContainerCreateOptions & { _query: object; _body: object } = { _query: { name }, _body: plan.body, abortSignal: signal }
    return (await docker.createContainer(options)).id
  } catch (error) {
    if (statusOf(error) === 404 && /no such image/i.test((error as Error).message)) return null
    if (statusOf(error) !== 409) throw failure(url, `make a container of ${plan.image}`, error)
    const there = await inspect(host, name, signal)
    if (there && sameLabel(labelOf(there.Config.Labels), label)) return there.Id
    throw new ProviderError(`Docker host ${url}: the name ${name} belongs to another container, ${there?.Id ?? 'which has just gone'}`, { failureClass: 'retry', code: 'NAME_TAKEN' })
  }
}

async function startContainer(host: DockerHost, container: string, signal: AbortSignal): Promise<void> {
  try {
    await host.docker.getContainer(container).start({ abortSignal: signal })
  } catch (error) {
    if (statusOf(error) === 304) return
    const failed = failure(host.url, `start container ${container}`, error)
    // Without an answer it may run, and it is there in any case: that is for the caller to find out.
    if (statusOf(error) === null) throw new ProviderError(failed.message, { failureClass: failed.failureClass, code: failed.code, mayHaveHappened: true, cause: error })
    const removed = await removeFrom(host, container, signal).catch(() => 'going')
    throw new ProviderError(failed.message, { failureClass: failed.failureClass, code: failed.code, mayHaveHappened: removed !== 'gone', cause: error })
  }
}

async function make(making: Making, images: Pulls): Promise<Machine> {
  const { host, plan, signal } = making
  if (plan.pullPolicy === 'always') await images.pull(host, plan.image, signal)
  let container = await makeContainer(making)
  if (container === null && plan.pullPolicy === 'missing') {
    await images.pull(host, plan.image, signal)
    container = await makeContainer(making)
  }
  if (container === null) throw new ProviderError(`Docker host ${host.url}: there is no image ${plan.image}, and pullPolicy is '${plan.pullPolicy}'`, { failureClass: 'configuration', code: 'NO_IMAGE' })
  await startContainer(host, container, signal)
  return { id: machineIdOf(host.url, container), label: making.label, state: 'running', detail: 'started', zone: null, plan: null, createdAt: null, address: null, storages: [] }
}

/** Hosts that answer, with what is on them; throws when none does. */
async function answering(hosts: DockerHost[], installation: string, signal: AbortSignal): Promise<{ host: DockerHost; machines: Machine[] }[]> {
  const looks = await Promise.allSettled(hosts.map(async host => ({ host, machines: await listOn(host, installation, signal) })))
  const found = looks.filter(look => look.status === 'fulfilled').map(({ value }) => value)
  if (found.length > 0) return found
  const reasons = looks.filter(look => look.status === 'rejected').map(({ reason }) => reason as ProviderError)
  throw new ProviderError(reasons.map(({ message }) => message).join('; '), { failureClass: reasons[0]?.failureClass ?? 'retry', code: reasons[0]?.code ?? null })
}

async function create(hosts: DockerHost[], { begun, images }: { begun: Begun; images: Pulls }, { request, signal }: { request: MachineRequest; signal: AbortSignal }): Promise<Machine> {
  const { label, name } = request
  const plan = containerPlan(request)
  const look = begun.look()
  const seen = await answering(hosts, label.installation, signal)
  const places = begun.places(look, seen.map(({ host, machines }) => ({ host, labels: machines.map(machine => machine.label) })))
  const host = places.find(place => place.labels.some(there => sameLabel(there, label)))?.host ?? places.find(place => place.host.max === null || place.labels.length < place.host.max)?.host
  if (!host) throw new ProviderError(`every Docker host that answers is full: ${places.map(place => `${place.host.url} has ${place.labels.length} of ${place.host.max}`).join(', ')}`, { failureClass: 'backoff', code: 'HOSTS_FULL' })
  const end = begun.begin(host, label)
  try {
    return await make({ host, name, plan, label, signal }, images)
  } finally {
    end()
  }
}

async function lookAround(hosts: DockerHost[], request: Pick<MachineRequest, 'options'>, signal: AbortSignal): Promise<OnlineFinding[]> {
  const image = request.options['image']
  const policy = request.options['pullPolicy']
  const findings = await Promise.all(hosts.map(async ({ url, docker }): Promise<OnlineFinding[]> => {
    try {
      await docker.listContainers({ limit: 1, abortSignal: signal })
      if (typeof image !== 'string' || policy === 'always') return []
      const options: Docker.ImageInspectOptions & { abortSignal: AbortSignal } = { abortSignal: signal }
      await docker.getImage(image).inspect(options)
      return []
    } catch (error) {
      if (statusOf(error) !== 404) return [{ severity: 'error', option: 'hosts', message: failure(url, 'reach it', error).message }]
      return policy === 'never' ? [{ severity: 'error', option: 'image', message: `Docker host ${url} has no image ${String(image)}, and it is not to be pulled` }] : []
    }
  }))
  return findings.flat()
}

/** Containers on Docker hosts, filled in order. A machine's id is its container's and its host's. */
export function openDocker(account: { [name: string]: Json }, { clock }: { clock: Clock }): MachineProvider {
  const hosts = openHosts(account)
  const images = pulls(account['registryAuth'] as RegistryAuth | null, clock)
  const begun = begunMachines()
  const placeOf = (id: string): { host: DockerHost; container: string } => {
    const [, container = '', url = ''] = /^([^@]*)@(.*)$/s.exec(id) ?? []
    const host = hosts.find(one => one.url === url)
    if (host) return { host, container }
    throw new ProviderError(`the container ${id} is on a Docker host that is not among ${hosts.map(one => one.url).join(', ')}`, { failureClass: 'alert', code: 'HOST_UNKNOWN' })
  }
  return {
    version: 1,
    create: (request, signal) => create(hosts, { begun, images }, { request, signal }),
    async list(installation, signal) {
      // A host that does not answer is not an empty one.
      return { machines: (await Promise.all(hosts.map(host => listOn(host, installation, signal)))).flat(), leftovers: [] }
    },
    async get(id, signal) {
      const { host, container } = placeOf(id)
      const found = await inspect(host, container, signal)
      return found && inspectedMachine(host.url, found)
    },
    async remove({ id, label }, signal) {
      const { host, container } = placeOf(id)
      const found = await inspect(host, container, signal)
      if (found === null) return 'gone'
      if (!sameLabel(labelOf(found.Config.Labels), label)) throw new ProviderError(`the container ${id} is not that of worker ${label.worker}, attempt ${label.attempt}`, { failureClass: 'configuration', code: 'NOT_OURS' })
      return removeFrom(host, container, signal)
    },
    removeLeftover: () => Promise.resolve(),
    check: (request, signal) => lookAround(hosts, request, signal),
    close() {
      images.close()
      return Promise.resolve()
    },
  }
}
