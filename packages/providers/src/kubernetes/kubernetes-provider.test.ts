import type { Json, MachineLabel, MachineRequest } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { conformance } from '../conformance/conformance.js'
import { KubernetesApi, type KubernetesOptions } from '../testing/kubernetes-api.js'
import { openKubernetes } from './kubernetes-provider.js'

const installation = 'f0000000-0000-4000-8000-000000000001'
const label = (worker: string, attempt = 1): MachineLabel => ({ installation, worker, attempt })
const request = (of: MachineLabel, options: { [name: string]: Json } = {}): MachineRequest => ({
  label: of, name: `yard-${of.installation.slice(-1)}-${of.attempt}`, options: { image: 'yardmaster/worker', ...options }, zone: null, plan: null,
  worker: { name: of.worker, password: 'one-time-7', engines: ['wss://ci.example.org'] },
})
const { signal } = new AbortController()
const common: KubernetesOptions = { namespace: 'ci', token: 'right', images: ['yardmaster/worker'] }
const open = (api: KubernetesApi, account: { [name: string]: Json } = {}) => openKubernetes({ kubeconfig: api.kubeconfig, context: null, namespace: null, ...account })

let apis: KubernetesApi[] = []
const cluster = async (options: Partial<KubernetesOptions> = {}) => {
  const api = await new KubernetesApi({ ...common, ...options }).listen()
  apis.push(api)
  return api
}
beforeEach(() => { apis = [] })
afterEach(() => Promise.all(apis.map(api => api.close())))

describe('a Pod as a machine', () => {
  let api: KubernetesApi
  beforeAll(async () => { api = await new KubernetesApi(common).listen() })
  afterAll(() => api.close())
  const refused = [
    { what: 'a container without an image', request: (of: MachineLabel) => request(of, { podSpec: { containers: [{ name: 'worker', image: '' }] } }), failureClass: 'configuration' },
    { what: 'no image', request: (of: MachineLabel) => request(of, { image: null }), failureClass: 'configuration' },
    { what: 'limits that are no record', request: (of: MachineLabel) => request(of, { limits: 'much' }), failureClass: 'configuration' },
  ]
  test.each(conformance({
    get provider() { return open(api) }, get second() { return open(api) }, request, refused, installations: [installation, 'f0000000-0000-4000-8000-000000000002'], clock: systemClock(), withinMs: 5_000, pauseMs: 10,
  }))('$name', ({ run }) => run())
})

test('what is said of a Pod reaches the cluster; the password is in a Secret that goes with it', async () => {
  const api = await cluster()
  const machine = await open(api).create(request(label('w1'), {
    command: ['run'], env: { A: 'b', WORKERPASS: 'not this' }, requests: { cpu: '500m' }, limits: { memory: '1Gi' }, imagePullSecrets: ['reg'],
    podSpec: { tolerations: [{ key: 'ci', operator: 'Exists' }], containers: [{ name: 'worker', volumeMounts: [{ name: 'c', mountPath: '/c' }] }, { name: 'db', image: 'postgres' }], volumes: [{ name: 'c', emptyDir: {} }] },
  }), signal)
  const pod = [...api.pods.values()][0]!
  expect(pod.spec).toMatchObject({
    restartPolicy: 'Never', automountServiceAccountToken: false, enableServiceLinks: false, imagePullSecrets: [{ name: 'reg' }], tolerations: [{ key: 'ci', operator: 'Exists' }], volumes: [{ name: 'c' }],
    containers: [{ name: 'worker', image: 'yardmaster/worker', command: ['run'], resources: { requests: { cpu: '500m' }, limits: { memory: '1Gi' } }, volumeMounts: [{ name: 'c', mountPath: '/c' }] }, { name: 'db', image: 'postgres' }],
  })
  const env = (pod.spec['containers'] as { env: { name: string; value?: string; valueFrom?: Json }[] }[])[0]!.env
  expect(Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]))).toMatchObject({
    A: 'b', YARD_ENGINE: 'wss://ci.example.org', BUILDMASTER: 'ci.example.org', BUILDMASTER_PORT: '443', YARD_WORKER_NAME: 'w1',
    YARD_WORKER_PASSWORD: { secretKeyRef: { name: 'yard-1-1', key: 'password' } }, WORKERPASS: { secretKeyRef: { name: 'yard-1-1', key: 'password' } },
  })
  expect(JSON.stringify(pod)).not.toContain('one-time-7')
  expect(JSON.stringify(pod)).not.toContain('not this')
  expect([...api.secrets.values()]).toMatchObject([{ name: 'yard-1-1', owner: pod.uid, data: { password: 'one-time-7' } }])
  expect(await open(api).get(machine.id, signal)).toMatchObject({ state: 'running', address: '10.1.2.3' })
  await open(api).remove(machine, signal)
  await until('nothing is left', () => api.pods.size === 0 && api.secrets.size === 0)
})

test('what keeps a Pod from running is told, and what it ended with', async () => {
  const api = await cluster()
  const provider = open(api)
  const unknown = await provider.create(request(label('a', 1), { image: 'nobody/has-it' }), signal)
  const unscheduled = await provider.create(request(label('b', 2), { nodeSelector: { arch: 'riscv' } }), signal)
  const ended = await provider.create(request(label('c', 3)), signal)
  api.pods.get('yard-1-3')!.ended = { exitCode: 137, reason: 'OOMKilled' }
  expect(await provider.get(unknown.id, signal)).toMatchObject({ state: 'error', detail: 'ImagePullBackOff: Back-off pulling image "nobody/has-it"' })
  expect(await provider.get(unscheduled.id, signal)).toMatchObject({ state: 'starting', detail: expect.stringContaining('Unschedulable: 0/3 nodes') })
  expect(await provider.get(ended.id, signal)).toMatchObject({ state: 'stopped', detail: 'Failed: OOMKilled: exit code 137' })
})

test('a name that is used again is another machine, and a Pod whose node is lost is going until it is gone', async () => {
  const api = await cluster()
  const provider = open(api)
  const first = await provider.create(request(label('w')), signal)
  api.pods.clear()
  const second = await provider.create(request(label('w')), signal)
  expect(second.id).not.toBe(first.id)
  expect(await provider.get(first.id, signal)).toBeNull()
  expect(await provider.remove(first, signal)).toBe('gone')
  api.stuck.add('yard-1-1')
  expect(await provider.remove(second, signal)).toBe('going')
  expect(await provider.remove(second, signal)).toBe('going')
  expect(await provider.get(second.id, signal)).toMatchObject({ state: 'stopping' })
  api.pods.clear()
  expect(await provider.remove(second, signal)).toBe('gone')
})

test('without its Secret a Pod does not stay', async () => {
  const api = await cluster()
  api.faults.push({ method: 'POST', path: /secrets$/, act: { status: 403, body: { kind: 'Status', message: 'secrets is forbidden: User "p" cannot create resource "secrets"', reason: 'Forbidden', code: 403 } } })
  await expect(open(api).create(request(label('w')), signal)).rejects.toMatchObject({ failureClass: 'alert', code: 'Forbidden', mayHaveHappened: false })
  await until('it is gone', () => api.pods.size === 0)
  // Whoever died between the two is followed by one that finds the Pod.
  api.faults.push({ method: 'POST', path: /secrets$/, act: 'lost' })
  await expect(open(api).create(request(label('w')), signal)).rejects.toMatchObject({ failureClass: 'retry', mayHaveHappened: true })
})

test('a Pod whose Secret nobody made will never run', async () => {
  const api = await cluster()
  api.faults.push({ method: 'POST', path: /secrets$/, act: 'hang' })
  const impatient = new AbortController()
  const asked = open(api).create(request(label('w')), impatient.signal)
  await until('the Secret is asked for', () => api.faults.length === 0)
  impatient.abort(new Error('it takes too long'))
  await expect(asked).rejects.toMatchObject({ failureClass: 'retry', mayHaveHappened: true })
  const { machines: [left] } = await open(api).list(installation, signal)
  expect(left).toMatchObject({ state: 'error', detail: 'CreateContainerConfigError: secret "yard-1-1" not found' })
})

test('every page is read, and a list that grew too old is begun again', async () => {
  const api = await cluster()
  for (let index = 0; index < 501; index++) api.pods.set(`p${String(index).padStart(3, '0')}`, { name: `p${String(index).padStart(3, '0')}`, uid: `u${index}`, labels: { 'yardmaster.dev/installation': installation, 'yardmaster.dev/attempt': String(index) }, annotations: { 'yardmaster.dev/worker': 'w' }, spec: { containers: [{ name: 'worker', image: 'x' }] }, deleting: false, ended: null })
  api.pods.set('other', { ...api.pods.get('p000')!, name: 'other', annotations: {} })
  const expired = { status: 410, body: { kind: 'Status', reason: 'Expired', message: 'The provided continue parameter is too old', code: 410 } }
  api.faults.push({ method: 'GET', path: /pods$/, query: /continue=/, act: expired })
  expect((await open(api).list(installation, signal)).machines).toHaveLength(501)
  expect(api.requests).toHaveLength(4)
})

test('a kubeconfig that says nothing is told as that', () => {
  expect(() => openKubernetes({ kubeconfig: 'nonsense', context: null, namespace: null })).toThrow('the kubeconfig cannot be used: it says no current context: say which one by context')
})

test('a server that hangs is given up', async () => {
  const api = await cluster()
  api.faults.push({ method: 'GET', path: /./, act: 'hang' })
  const impatient = new AbortController()
  const hanging = open(api).list(installation, impatient.signal)
  await until('it is asked', () => api.faults.length === 0)
  impatient.abort(new Error('it takes too long'))
  await expect(hanging).rejects.toMatchObject({ failureClass: 'retry', mayHaveHappened: true })
})

test.each<[string, { status: number; body: Json } | 'lost', object]>([
  ['a quota', { status: 403, body: { kind: 'Status', message: 'pods "x" is forbidden: exceeded quota: pods', reason: 'Forbidden' } }, { failureClass: 'backoff', mayHaveHappened: false }],
  ['no right', { status: 403, body: { kind: 'Status', message: 'pods is forbidden: User "p" cannot create resource "pods"', reason: 'Forbidden' } }, { failureClass: 'alert' }],
  ['too many requests', { status: 429, body: { kind: 'Status', message: 'too many requests', reason: 'TooManyRequests', details: { retryAfterSeconds: 7 } } }, { failureClass: 'backoff', retryAfterMs: 7_000 }],
  ['a wrong Pod', { status: 422, body: { kind: 'Status', message: 'Pod "x" is invalid', reason: 'Invalid' } }, { failureClass: 'configuration' }],
  ['a server that is not well', { status: 500, body: { kind: 'Status', message: 'etcdserver: request timed out', reason: 'InternalError' } }, { failureClass: 'retry', mayHaveHappened: true }],
  ['a proxy before it', { status: 502, body: 'bad gateway' }, { failureClass: 'retry', mayHaveHappened: true }],
  ['an answer that was lost', 'lost', { failureClass: 'retry', mayHaveHappened: true }],
])('%s is a failure of its class', async (_what, act, expected) => {
  const api = await cluster()
  api.faults.push({ method: 'POST', path: /pods$/, act })
  await expect(open(api).create(request(label('w')), signal)).rejects.toMatchObject(expected)
})

test('who may not is told so, and what the cluster thinks of a Pod can be asked', async () => {
  const api = await cluster({ quota: 0 })
  const { check } = open(api)
  expect(await open(await cluster()).check?.({ options: {}, zone: null, plan: null }, signal)).toEqual([])
  expect(await check?.(request(label('w')), signal)).toMatchObject([{ severity: 'warning', message: expect.stringContaining('exceeded quota') }])
  expect(await open(api, { namespace: 'other' }).check?.(request(label('w')), signal)).toMatchObject([{ severity: 'error', message: expect.stringContaining('namespaces "other" not found') }])
  const stranger = openKubernetes({ kubeconfig: api.kubeconfig.replace('right', 'wrong'), context: null, namespace: null })
  await expect(stranger.list(installation, signal)).rejects.toMatchObject({ failureClass: 'alert' })
  expect(() => openKubernetes({ kubeconfig: api.kubeconfig, context: 'absent', namespace: null })).toThrow("no context 'absent'")
  const down = open(api)
  await api.close()
  apis = []
  await expect(down.create(request(label('w')), signal)).rejects.toMatchObject({ failureClass: 'retry', mayHaveHappened: false })
})
