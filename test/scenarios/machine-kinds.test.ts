import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '@yardmaster/domain'
import { ApiServer, DockerEngine, KubernetesApi } from '@yardmaster/providers/testing'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { allBuilt, expectUndisturbed, force, ledger, nothingLeft } from '../kit/latent-story.js'
import { until } from '../kit/until.js'

// Docker, Kubernetes and a lab of the user's own, simulated as far as their APIs; what they start are real workers.
const folder = mkdtempSync(join(tmpdir(), 'yardmaster-kinds-'))
let started = 0
const alive = new Set<number>()
const passwords = new Set<string>()

/** What a container of the worker's image does. */
function runWorker(environment: { [name: string]: string }): () => void {
  const env = { PATH: process.env['PATH'], YARD_WORKER_BASEDIR: join(folder, `worker-${++started}`), ...environment }
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../packages/worker/dist/main.js')], { env, stdio: 'ignore' })
  const number = started
  alive.add(number)
  passwords.add(environment['YARD_WORKER_PASSWORD'] ?? '')
  child.once('exit', () => alive.delete(number))
  return () => void child.kill('SIGKILL')
}

type Board = { id: string; label: { [key: string]: Json }; end: () => void }
const boards = new Map<string, Board>()
const tell = ({ id, label }: Board) => ({ id, label, state: 'running', detail: 'on' })

const lab = new ApiServer(({ method, path, query, body, headers }) => {
  if (headers.authorization !== 'Bearer key-of-the-lab') return { status: 401 }
  const id = path.slice(1)
  const board = boards.get(id)
  if (method === 'PUT') {
    const { label, env } = body as { label: { [key: string]: Json }; env: { [name: string]: string } }
    const made = board ?? { id, label, end: runWorker(env) }
    boards.set(id, made)
    return { status: 200, body: tell(made) }
  }
  if (method === 'DELETE') {
    board?.end()
    boards.delete(id)
  }
  if (id === '') return { status: 200, body: [...boards.values()].filter(({ label }) => label['installation'] === query.get('installation')).map(tell) }
  return board ? { status: 200, body: tell(board) } : { status: 404 }
})
const docker = new DockerEngine({
  registry: { 'ci/worker:7': {} },
  run: ({ body }) => runWorker(Object.fromEntries((body['Env'] as string[]).map(entry => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]))),
})
const kubernetes = new KubernetesApi({ namespace: 'ci', token: 'token-of-the-cluster', images: ['ci/worker:7'], run: runWorker })

const config = (labUrl: string) => `
import { defineConfig, providers, schedulers, steps, util, workers } from '@yardmaster/config'
const ask = async (method, path, { signal, account, body }) => {
  const answer = await fetch(account.url + path, { method, signal, headers: { authorization: 'Bearer ' + account.key }, body: body && JSON.stringify(body) })
  if (answer.status === 404) return null
  if (!answer.ok) throw Object.assign(new Error('the lab answered ' + answer.status), { failureClass: 'alert' })
  return answer.json()
}
const functions = {
  version: 1,
  create: ({ label, name, options, worker }, signal, account) => ask('PUT', '/' + name, { signal, account, body: { label, env: { WHAT: options.what, YARD_ENGINE: worker.engines.join(','), YARD_WORKER_NAME: worker.name, YARD_WORKER_PASSWORD: worker.password } } }),
  list: async (installation, signal, account) => ({ machines: await ask('GET', '/?installation=' + installation, { signal, account }), leftovers: [] }),
  get: (id, signal, account) => ask('GET', '/' + id, { signal, account }),
  remove: async ({ id }, signal, account) => (await ask('DELETE', '/' + id, { signal, account })) ? 'going' : 'gone',
}
const image = 'ci/worker:7'
const kinds = {
  docker: providers.docker({ image, hosts: ['${docker.url}'], env: { WHAT: 'container' } }),
  kubernetes: providers.kubernetes({ image, kubeconfig: util.secret('cluster'), env: { WHAT: 'pod' } }),
  custom: providers.custom({ functions, account: { url: '${labUrl}', key: util.secret('lab') }, options: { what: util.interpolate('%(prop:what)s') } }),
}
const expected = { docker: 'container', kubernetes: 'pod', custom: 'board' }
export default defineConfig({
  workers: Object.entries(kinds).map(([name, provider]) => workers.pool({ name, provider, max: 2, buildWaitTimeout: 1 })),
  builders: Object.keys(kinds).map(name => ({ name, workers: [name], collapseRequests: false, steps: [steps.shell({ command: 'test "$WHAT" = ' + expected[name], logEnviron: false })] })),
  schedulers: [schedulers.force({ name: 'force', builders: Object.keys(kinds), parameters: [util.stringParameter({ name: 'what', default: 'board' })] })],
})
`

let cluster: Cluster
beforeAll(async () => {
  await Promise.all([docker.listen(), kubernetes.listen(), lab.listen()])
  cluster = await startCluster({
    config: config(`http://127.0.0.1:${lab.port}`), workers: [], provisioners: 2, env: { YARD_SECRET_CLUSTER: kubernetes.kubeconfig, YARD_SECRET_LAB: 'key-of-the-lab' },
  })
})
afterAll(async () => {
  await cluster?.stop()
  await Promise.all([docker.close(), kubernetes.close(), lab.close()])
  for (const { end } of boards.values()) end()
  rmSync(folder, { recursive: true, force: true })
})

test.each(['docker', 'kubernetes', 'custom'])('builds on machines of the kind %s, which are gone when nobody needs them', async kind => {
  onTestFailed(async () => { process.stderr.write(`${lastWords(cluster)}\n${JSON.stringify(await ledger(cluster), null, 1)}\n`) })
  const requests = await force(cluster, kind, { times: 3 })
  await allBuilt(cluster, requests)
  await expectUndisturbed(cluster, requests)
  const rows = (await ledger(cluster)).filter(row => row.pool === kind)
  expect(rows.reduce((sum, row) => sum + row.uses, 0)).toBe(3)
  await nothingLeft(cluster)
  expect([docker.containers.size, kubernetes.pods.size, kubernetes.secrets.size, boards.size]).toEqual([0, 0, 0, 0])
  await until('every worker has ended', () => alive.size === 0)
})

test('no secret is told', async () => {
  const said = JSON.stringify([await ledger(cluster), await cluster.rows('SELECT options, failure FROM instances'), lastWords(cluster)])
  expect(passwords.size).toBe(started)
  for (const secret of ['token-of-the-cluster', 'key-of-the-lab', ...passwords]) expect(said).not.toContain(secret)
})
