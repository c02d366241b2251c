import type { Json, Machine, MachineLabel, MachineRequest } from '@yardmaster/domain'
import type { V1ContainerStatus, V1Pod, V1Secret } from '@kubernetes/client-node'
import { ProviderError } from '../provider-error.js'
import { renderedOptions } from '../rendered-options.js'
import { passwordVariables, workerEnvironment } from '../worker-environment.js'
import { merged } from './merge.js'

const INSTALLATION = 'yardmaster.dev/installation'
const WORKER = 'yardmaster.dev/worker'
const ATTEMPT = 'yardmaster.dev/attempt'
const CONTAINER = 'worker'
const KEY = 'password'
/** For a worker to end its commands. */
export const GRACE_SECONDS = 5

export const selectorOf = (installation: string): string => `${INSTALLATION}=${installation}`

const commonLabels = ({ installation, attempt }: MachineLabel) => ({ 'app.kubernetes.io/managed-by': 'yardmaster', [INSTALLATION]: installation, [ATTEMPT]: String(attempt) })

/** A label takes few characters; the worker's name is an annotation. */
export function labelOf(pod: V1Pod): MachineLabel | null {
  const installation = pod.metadata?.labels?.[INSTALLATION]
  const attempt = pod.metadata?.labels?.[ATTEMPT] ?? ''
  const worker = pod.metadata?.annotations?.[WORKER]
  return installation && worker && /^\d+$/.test(attempt) ? { installation, worker, attempt: Number(attempt) } : null
}

/** The Pod of a machine. The password is in a Secret beside it, which who may only look at Pods does not see. */
export function podOf({ label, name, options, worker }: MachineRequest): V1Pod {
  const read = renderedOptions('kubernetes', options)
  const image = read.text('image')
  const command = read.texts('command')
  const serviceAccount = read.text('serviceAccount')
  const own = (variable: string): boolean => !passwordVariables.some(known => known === variable)
  const environment = Object.entries({ ...workerEnvironment(worker), ...read.textRecord('env') }).filter(([variable]) => own(variable))
  const container: Json = {
    name: CONTAINER,
    ...(image === null ? {} : { image }),
    ...(command.length > 0 ? { command } : {}),
    env: [
      ...environment.map(([variable, value]) => ({ name: variable, value })),
      ...passwordVariables.map(variable => ({ name: variable, valueFrom: { secretKeyRef: { name, key: KEY } } })),
    ],
    resources: { requests: read.textRecord('requests'), limits: read.textRecord('limits') },
  }
  const spec = merged({
    restartPolicy: 'Never', enableServiceLinks: false, terminationGracePeriodSeconds: GRACE_SECONDS,
    // A build is not to speak to the cluster unless that is said.
    ...(serviceAccount === null ? { automountServiceAccountToken: false } : { serviceAccountName: serviceAccount }),
    ...(Object.keys(read.record('nodeSelector')).length > 0 ? { nodeSelector: read.textRecord('nodeSelector') } : {}),
    imagePullSecrets: read.texts('imagePullSecrets').map(secret => ({ name: secret })),
    containers: [container],
  }, read.record('podSpec')) as unknown as NonNullable<V1Pod['spec']>
  const unnamed = spec.containers.find(one => !one.image)
  if (unnamed) throw new ProviderError(`kubernetes: the container ${unnamed.name} has no image: say image, or podSpec.containers with one`, { failureClass: 'configuration', code: 'OPTION_INVALID' })
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: commonLabels(label), annotations: { [WORKER]: label.worker } }, spec }
}

/** Goes with its Pod, however that goes: Kubernetes sees to it. */
export function secretOf(pod: V1Pod, { label, name, worker }: MachineRequest): V1Secret {
  return {
    apiVersion: 'v1', kind: 'Secret', type: 'Opaque', stringData: { [KEY]: worker.password },
    metadata: { name, labels: commonLabels(label), ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid: pod.metadata?.uid ?? '' }] },
  }
}

/** By themselves these do not get better. What an image pull says first does, often. A Pod whose Secret was never made waits for it with a CreateContainerConfigError. */
const hopeless = ['CreateContainerConfigError', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'CreateContainerError', 'RunContainerError', 'CrashLoopBackOff']

const said = (...parts: (string | undefined)[]): string => parts.filter(part => part !== undefined && part !== '').join(': ')

function waitingOf(pod: V1Pod): V1ContainerStatus['state'] | undefined {
  return [...pod.status?.initContainerStatuses ?? [], ...pod.status?.containerStatuses ?? []].map(({ state }) => state).find(state => state?.waiting)
}

function stateOf(pod: V1Pod): Pick<Machine, 'state' | 'detail'> {
  const { phase = 'Pending', reason, message, conditions = [], containerStatuses = [] } = pod.status ?? {}
  if (pod.metadata?.deletionTimestamp) return { state: 'stopping', detail: said('Terminating', reason, message) }
  if (phase === 'Pending') {
    const waiting = waitingOf(pod)?.waiting
    const unscheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
    const detail = waiting ? said(waiting.reason, waiting.message) : unscheduled ? said(unscheduled.reason, unscheduled.message) : said(phase, reason, message)
    return { state: hopeless.includes(waiting?.reason ?? '') ? 'error' : 'starting', detail }
  }
  if (phase === 'Running') return { state: 'running', detail: phase }
  const ended = containerStatuses.map(({ state }) => state?.terminated).find(state => state !== undefined)
  const detail = said(phase, reason ?? ended?.reason, message ?? ended?.message, ended ? `exit code ${ended.exitCode}` : undefined)
  return { state: phase === 'Succeeded' || phase === 'Failed' ? 'stopped' : 'error', detail }
}

/** Names are used again, uids are not. */
export const machineIdOf = (pod: V1Pod): string => `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}/${pod.metadata?.uid ?? ''}`

/** null: it is not one of ours. */
export function machineOf(pod: V1Pod): Machine | null {
  const label = labelOf(pod)
  return label && {
    id: machineIdOf(pod), label, ...stateOf(pod), zone: null, plan: null, createdAt: pod.metadata?.creationTimestamp?.getTime() ?? null, address: pod.status?.podIP ?? null, storages: [],
  }
}
