import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openDocker } from './docker/docker-provider.js'
import { openKubernetes } from './kubernetes/kubernetes-provider.js'
import type { ApiServer, Tls } from './testing/api-server.js'
import { DockerEngine } from './testing/docker-engine.js'
import { KubernetesApi } from './testing/kubernetes-api.js'

const { signal } = new AbortController()
const folder = mkdtempSync(join(tmpdir(), 'yard-tls-'))
const pem = (name: string): string => readFileSync(join(folder, name), 'utf8')

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

function authority(name: string): void {
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`)
}

function certificate(name: string): void {
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1')
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
  openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', `${name}.pem`)
}

describe.runIf(spawnSync('openssl', ['version']).status === 0)('over TLS', () => {
  const servers: ApiServer[] = []
  let tls: Tls
  beforeAll(() => {
    authority('ca')
    authority('stranger')
    certificate('server')
    certificate('client')
    tls = { key: pem('server.key'), cert: pem('server.pem'), ca: pem('ca.pem') }
  })
  afterEach(() => Promise.all(servers.splice(0).map(server => server.close())))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('a Docker host is who it says, and knows who asks', async () => {
    const engine = await new DockerEngine({ tls }).listen()
    servers.push(engine)
    const open = (more: { ca?: string; cert?: string; key?: string }) => openDocker({ hosts: [{ url: engine.url, max: null, ca: null, cert: null, key: null, ...more }], registryAuth: null }, { clock: systemClock() })
    const own = { ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key') }
    expect(await open(own).list('i', signal)).toEqual({ machines: [], leftovers: [] })
    await expect(open({ ...own, ca: pem('stranger.pem') }).list('i', signal)).rejects.toMatchObject({ failureClass: 'alert', mayHaveHappened: false })
    await expect(open({ ca: own.ca }).list('i', signal)).rejects.toThrow(/Docker host tcp:/)
  })

  test('a cluster is who it says', async () => {
    const api = await new KubernetesApi({ namespace: 'ci', token: 'right', images: [], tls }).listen()
    servers.push(api)
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const kubeconfig = (authority: string) => JSON.stringify({
      apiVersion: 'v1', kind: 'Config', 'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'ci' } }],
      clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${api.port}`, 'certificate-authority-data': base64(authority) } }],
      users: [{ name: 'u', user: { token: 'right', 'client-certificate-data': base64(pem('client.pem')), 'client-key-data': base64(pem('client.key')) } }],
    })
    const open = (authority: string) => openKubernetes({ kubeconfig: kubeconfig(authority), context: null, namespace: null })
    expect(await open(pem('ca.pem')).list('i', signal)).toEqual({ machines: [], leftovers: [] })
    await expect(open(pem('stranger.pem')).list('i', signal)).rejects.toMatchObject({ failureClass: 'alert', mayHaveHappened: false })
  })
})
