import { randomUUID } from 'node:crypto'
import type { Json } from '@yardmaster/domain'
import { ApiServer, type ApiAnswer, type ApiRequest, type Tls } from './api-server.js'

type JsonRecord = { [key: string]: Json }
export type SimulatedPod = { name: string; uid: string; labels: { [key: string]: string }; annotations: JsonRecord; spec: JsonRecord; deleting: boolean; ended: { exitCode: number; reason: string } | null }
type Secret = { name: string; owner: string; data: JsonRecord }

export type KubernetesOptions = {
  namespace: string
  token: string
  /** That nodes can pull. */
  images: string[]
  /** Pods that the namespace's quota allows. */
  quota?: number
  nodeLabels?: { [key: string]: string }
  /** Runs what a Pod's first container is to run; the answer ends it. */
  run?: (environment: { [name: string]: string }) => () => void
  tls?: Tls
}

const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/
const recordAt = (value: Json | undefined, key: string): JsonRecord => ((value as JsonRecord | undefined)?.[key] ?? {}) as JsonRecord

function refused(code: number, reason: string, message: string): ApiAnswer {
  return { status: code, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code } }
}

/** The part of Kubernetes' API that Pods as machines need, with the nodes' part done at once, as Kubernetes 1.32 answers. */
export class KubernetesApi extends ApiServer {
  readonly pods = new Map<string, SimulatedPod>()
  readonly secrets = new Map<string, Secret>()
  /** Names of Pods whose node is lost: they are being deleted for ever. */
  readonly stuck = new Set<string>()
  readonly #running = new Map<SimulatedPod, () => void>()
  readonly #options: KubernetesOptions

  constructor(options: KubernetesOptions) {
    super(request => this.#route(request), options.tls)
    this.#options = options
  }

  /** A kubeconfig with a token. */
  get kubeconfig(): string {
    const { namespace, token } = this.#options
    return JSON.stringify({
      apiVersion: 'v1', kind: 'Config', 'current-context': 'test', contexts: [{ name: 'test', context: { cluster: 'c', user: 'u', namespace } }],
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${this.port}`, 'insecure-skip-tls-verify': true } }], users: [{ name: 'u', user: { token } }],
    })
  }

  #route(request: ApiRequest): ApiAnswer {
    const { method, path, headers } = request
    if (headers.authorization !== `Bearer ${this.#options.token}`) return refused(401, 'Unauthorized', 'Unauthorized')
    const [, namespace = '', kind = '', name = ''] = /^\/api\/v1\/namespaces\/([^/]+)\/(pods|secrets)(?:\/([^/]+))?$/.exec(path) ?? []
    if (kind === '') return refused(404, 'NotFound', 'the server could not find the requested resource')
    if (namespace !== this.#options.namespace && method === 'POST') return refused(404, 'NotFound', `namespaces "${namespace}" not found`)
    if (kind === 'secrets') return this.#createSecret(request)
    if (method === 'POST') return this.#createPod(request)
    if (method === 'GET' && name === '') return this.#list(request.query, namespace)
    const pod = namespace === this.#options.namespace ? this.pods.get(name) : undefined
    if (!pod) return refused(404, 'NotFound', `pods "${name}" not found`)
    return method === 'DELETE' ? this.#deletePod(pod, request.body as JsonRecord) : { status: 200, body: this.#podAsJson(pod) }
  }

  #createPod({ body, query }: ApiRequest): ApiAnswer {
    const metadata = recordAt(body, 'metadata')
    const spec = recordAt(body, 'spec')
    const name = String(metadata['name'] ?? '')
    const labels = recordAt(metadata, 'labels') as { [key: string]: string }
    const wrong = name.length > 253 || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) ? `metadata.name: Invalid value: "${name}"`
      : Object.values(labels).find(value => value.length > 63 || !LABEL_VALUE.test(value)) !== undefined ? 'metadata.labels: Invalid value'
        : (spec['containers'] as JsonRecord[] | undefined)?.find(({ image }) => typeof image !== 'string' || image === '') ? 'spec.containers[0].image: Required value' : null
    if (wrong !== null) return refused(422, 'Invalid', `Pod "${name}" is invalid: ${wrong}`)
    if (this.#options.quota !== undefined && this.pods.size >= this.#options.quota) return refused(403, 'Forbidden', `pods "${name}" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=${this.pods.size}, limited: pods=${this.#options.quota}`)
    if (this.pods.has(name)) return refused(409, 'AlreadyExists', `pods "${name}" already exists`)
    const pod: SimulatedPod = { name, uid: randomUUID(), labels, annotations: recordAt(metadata, 'annotations'), spec, deleting: false, ended: null }
    if (query.get('dryRun') !== 'All') this.pods.set(name, pod)
    return { status: 201, body: this.#podAsJson(pod) }
  }

  #createSecret({ body }: ApiRequest): ApiAnswer {
    const metadata = recordAt(body, 'metadata')
    const name = String(metadata['name'] ?? '')
    if (this.secrets.has(name)) return refused(409, 'AlreadyExists', `secrets "${name}" already exists`)
    const [owner] = (metadata['ownerReferences'] ?? []) as JsonRecord[]
    this.secrets.set(name, { name, owner: String(owner?.['uid'] ?? ''), data: recordAt(body, 'stringData') })
    this.#collectGarbage()
    for (const pod of this.pods.values()) this.#run(pod)
    return { status: 201, body: { apiVersion: 'v1', kind: 'Secret', metadata: { name } } }
  }

  #run(pod: SimulatedPod): void {
    if (!this.#options.run || this.#running.has(pod) || (this.#statusOf(pod) as JsonRecord)['phase'] !== 'Running') return
    const [container] = pod.spec['containers'] as { env: { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[] }[]
    const entries = (container?.env ?? []).map(({ name, value, valueFrom }): [string, string] => [name, value ?? String(this.secrets.get(valueFrom?.secretKeyRef.name ?? '')?.data[valueFrom?.secretKeyRef.key ?? ''] ?? '')])
    this.#running.set(pod, this.#options.run(Object.fromEntries(entries)))
  }

  override async close(): Promise<void> {
    for (const end of this.#running.values()) end()
    await super.close()
  }

  #collectGarbage(): void {
    const uids = new Set([...this.pods.values()].map(({ uid }) => uid))
    for (const { name, owner } of this.secrets.values()) if (owner !== '' && !uids.has(owner)) this.secrets.delete(name)
  }

  #deletePod(pod: SimulatedPod, options: JsonRecord | null): ApiAnswer {
    const { uid } = recordAt(options ?? {}, 'preconditions')
    if (uid !== undefined && uid !== pod.uid) return refused(409, 'Conflict', `Precondition failed: UID in precondition: ${String(uid)}, UID in object meta: ${pod.uid}`)
    pod.deleting = true
    // The kubelet's part comes after the answer.
    if (!this.stuck.has(pod.name)) setImmediate(() => {
      this.#running.get(pod)?.()
      if (this.pods.get(pod.name) === pod) this.pods.delete(pod.name)
      this.#collectGarbage()
    })
    return { status: 200, body: this.#podAsJson(pod) }
  }

  #list(query: URLSearchParams, namespace: string): ApiAnswer {
    const wanted = (query.get('labelSelector') ?? '').split(',').filter(part => part !== '').map(part => part.split('='))
    const found = [...this.pods.values()].filter(({ labels }) => namespace === this.#options.namespace && wanted.every(([key = '', value]) => labels[key] === value)).sort((a, b) => (a.name < b.name ? -1 : 1))
    const after = Buffer.from(query.get('continue') ?? '', 'base64url').toString()
    const rest = found.filter(({ name }) => name > after)
    const page = rest.slice(0, Number(query.get('limit') ?? 0) || rest.length)
    const more = page.length < rest.length ? Buffer.from(page.at(-1)?.name ?? '').toString('base64url') : ''
    return { status: 200, body: { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '1', ...(more === '' ? {} : { continue: more, remainingItemCount: rest.length - page.length }) }, items: page.map(pod => this.#podAsJson(pod)) } }
  }

  #podAsJson(pod: SimulatedPod): Json {
    const { name, uid, labels, annotations, spec } = pod
    return {
      apiVersion: 'v1', kind: 'Pod', spec, status: this.#statusOf(pod),
      metadata: { name, namespace: this.#options.namespace, uid, labels, annotations, creationTimestamp: '2026-11-22T20:00:00Z', ...(pod.deleting ? { deletionTimestamp: '2026-11-22T20:00:10Z', deletionGracePeriodSeconds: 5 } : {}) },
    }
  }

  #statusOf({ name, spec, ended }: SimulatedPod): Json {
    if (ended) return { phase: ended.exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [{ name: 'worker', ready: false, restartCount: 0, image: '', imageID: '', state: { terminated: ended } }] }
    const unmet = Object.entries(recordAt(spec, 'nodeSelector')).find(([key, value]) => this.#options.nodeLabels?.[key] !== value)
    if (unmet) return { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector." }] }
    const [container] = spec['containers'] as JsonRecord[]
    const image = String(container?.['image'])
    const waiting = (reason: string, message: string): Json => ({ phase: 'Pending', containerStatuses: [{ name: 'worker', ready: false, restartCount: 0, image, imageID: '', state: { waiting: { reason, message } } }] })
    if (!this.#options.images.includes(image)) return waiting('ImagePullBackOff', `Back-off pulling image "${image}"`)
    if (!this.secrets.has(name)) return waiting('CreateContainerConfigError', `secret "${name}" not found`)
    return { phase: 'Running', podIP: '10.1.2.3', containerStatuses: [{ name: 'worker', ready: true, restartCount: 0, image, imageID: 'sha256:1', state: { running: { startedAt: '2026-11-22T20:00:05Z' } } }] }
  }
}
