import { sameLabel, type Json, type Machine, type MachineProvider, type MachineRequest, type OnlineFinding } from '@yardmaster/domain'
import type { V1Pod } from '@kubernetes/client-node'
import { ProviderError } from '../provider-error.js'
import { openCluster, type Cluster } from './client.js'
import { codeOf, failure } from './failures.js'
import { GRACE_SECONDS, labelOf, machineIdOf, machineOf, podOf, secretOf, selectorOf } from './pod.js'

const PAGE = 500

type Asking = { cluster: Cluster; signal: AbortSignal }

async function readPod({ cluster, signal }: Asking, { namespace, name }: { namespace: string; name: string }): Promise<V1Pod | null> {
  try {
    return await cluster.api.readNamespacedPod({ name, namespace }, cluster.until(signal))
  } catch (error) {
    if (codeOf(error) === 404) return null
    throw failure(`look at the Pod ${namespace}/${name}`, error)
  }
}

/** The Pod, made or found under its name. */
async function makePod(asking: Asking, request: MachineRequest): Promise<V1Pod> {
  const { cluster, signal } = asking
  const { namespace } = cluster
  const body = podOf(request)
  try {
    return await cluster.api.createNamespacedPod({ namespace, body }, cluster.until(signal))
  } catch (error) {
    if (codeOf(error) !== 409) throw failure(`make the Pod ${namespace}/${request.name}`, error)
    const there = await readPod(asking, { namespace, name: request.name })
    if (there && sameLabel(labelOf(there), request.label)) return there
    throw new ProviderError(`Kubernetes: the name ${namespace}/${request.name} belongs to another Pod`, { failureClass: 'retry', code: 'AlreadyExists' })
  }
}

async function deletePod({ cluster, signal }: Asking, { namespace, name, uid }: { namespace: string; name: string; uid: string }): Promise<'gone' | 'going'> {
  try {
    await cluster.api.deleteNamespacedPod({ name, namespace, body: { gracePeriodSeconds: GRACE_SECONDS, preconditions: { uid }, propagationPolicy: 'Background' } }, cluster.until(signal))
    return 'going'
  } catch (error) {
    // 409: the name is another Pod's by now.
    if (codeOf(error) === 404 || codeOf(error) === 409) return 'gone'
    throw failure(`delete the Pod ${namespace}/${name}`, error)
  }
}

/** The Pod waits for the Secret: nothing can be left of one that has no Pod. */
async function create(asking: Asking, request: MachineRequest): Promise<Machine> {
  const { cluster, signal } = asking
  const { namespace } = cluster
  const pod = await makePod(asking, request)
  try {
    await cluster.api.createNamespacedSecret({ namespace, body: secretOf(pod, request) }, cluster.until(signal))
  } catch (error) {
    if (codeOf(error) !== 409) {
      const failed = failure(`make the Secret ${namespace}/${request.name}`, error)
      const removed = await deletePod(asking, { namespace, name: request.name, uid: pod.metadata?.uid ?? '' }).catch(() => null)
      throw new ProviderError(failed.message, { failureClass: failed.failureClass, code: failed.code, mayHaveHappened: failed.mayHaveHappened || removed === null, cause: error })
    }
  }
  const machine = machineOf(pod)
  if (machine) return machine
  throw new ProviderError(`Kubernetes: the Pod ${machineIdOf(pod)} came back without its labels`, { failureClass: 'alert', code: 'LABELS_LOST', mayHaveHappened: true })
}

/** Page by page. A list that has become too old on the way (410) is begun again. */
async function list({ cluster, signal }: Asking, installation: string): Promise<Machine[]> {
  const pods: V1Pod[] = []
  let next: string | undefined
  try {
    do {
      const page = await cluster.api.listNamespacedPod({ namespace: cluster.namespace, labelSelector: selectorOf(installation), limit: PAGE, ...(next ? { _continue: next } : {}) }, cluster.until(signal))
      pods.push(...page.items)
      next = page.metadata?._continue || undefined
    } while (next !== undefined)
  } catch (error) {
    if (codeOf(error) === 410 && next !== undefined) return list({ cluster, signal }, installation)
    throw failure(`list Pods of ${cluster.namespace}`, error)
  }
  return pods.map(machineOf).filter(machine => machine !== null)
}

/** A dry run: what the API server, its quota and its admission rules say of the Pod. */
async function tryOut({ cluster, signal }: Asking, request: Pick<MachineRequest, 'options' | 'zone' | 'plan'>): Promise<OnlineFinding[]> {
  const label = { installation: '00000000-0000-0000-0000-000000000000', worker: 'check', attempt: 0 }
  const worker = { name: 'check', password: 'check', engines: ['ws://127.0.0.1:9989'] }
  // What depends on the build is not there: no image was named wrongly.
  const options = 'image' in request.options ? request.options : { ...request.options, image: 'depends-on-the-build' }
  try {
    await cluster.api.createNamespacedPod({ namespace: cluster.namespace, body: podOf({ ...request, options, label, name: 'yard-check', worker }), dryRun: 'All' }, cluster.until(signal))
    return []
  } catch (error) {
    const { message, code, failureClass } = failure(`make a Pod in ${cluster.namespace}`, error)
    return [{ severity: failureClass === 'backoff' || failureClass === 'retry' ? 'warning' : 'error', option: code === 'OPTION_INVALID' ? 'image' : failureClass === 'alert' ? 'kubeconfig' : 'podSpec', message }]
  }
}

function placeOf(id: string): { namespace: string; name: string; uid: string } {
  const [namespace = '', name = '', uid = ''] = id.split('/')
  return { namespace, name, uid }
}

/** A Pod to each worker, in one namespace. A machine's id is its Pod's namespace, name and uid. */
export function openKubernetes(account: { [name: string]: Json }): MachineProvider {
  const cluster = openCluster(account)
  const read = async (id: string, signal: AbortSignal): Promise<V1Pod | null> => {
    const place = placeOf(id)
    const pod = await readPod({ cluster, signal }, place)
    return pod?.metadata?.uid === place.uid ? pod : null
  }
  return {
    version: 1,
    create: (request, signal) => create({ cluster, signal }, request),
    list: async (installation, signal) => ({ machines: await list({ cluster, signal }, installation), leftovers: [] }),
    async get(id, signal) {
      const pod = await read(id, signal)
      return pod && machineOf(pod)
    },
    async remove({ id, label }, signal) {
      const pod = await read(id, signal)
      if (pod === null) return 'gone'
      if (!sameLabel(labelOf(pod), label)) throw new ProviderError(`the Pod ${id} is not that of worker ${label.worker}, attempt ${label.attempt}`, { failureClass: 'configuration', code: 'NOT_OURS' })
      return deletePod({ cluster, signal }, placeOf(id))
    },
    removeLeftover: () => Promise.resolve(),
    check: (request, signal) => tryOut({ cluster, signal }, request),
  }
}
