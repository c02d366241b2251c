import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { settingsTable } from '@yardmaster/runtime'
import Ajv from 'ajv'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseDockerfile, withAncestors } from './dockerfile.js'
import { canRender, chartFolder, renderChart, type Manifest, type PodTemplate } from './helm-chart.js'

const root = join(import.meta.dirname, '../..')
const roles = readdirSync(join(root, 'services'))
const values = parse(readFileSync(join(chartFolder, 'values.yaml'), 'utf8')) as { [name: string]: { [name: string]: unknown } }
const key = (role: string) => role.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
const everything = {
  worker: { replicas: 3, passwordSecret: { name: 'worker-password' }, storage: '20Gi' },
  ingress: { enabled: true, host: 'ci.example.org', tlsSecretName: 'tls', className: 'nginx' },
  engine: { autoscaling: { enabled: true } },
  uiApi: { autoscaling: { enabled: true } },
  secrets: { existingSecret: 'yard-secrets' },
}

describe('the values', () => {
  const validate = new Ajv.default({ allErrors: true, allowUnionTypes: true }).compile(JSON.parse(readFileSync(join(chartFolder, 'values.schema.json'), 'utf8')))

  test('keep their schema', () => {
    validate(values)
    expect(validate.errors ?? []).toEqual([])
  })

  test.each([
    ['a misspelt role', { ...values, engin: { replicas: 3 } }],
    ['a misspelt key of a role', { ...values, engine: { ...values.engine, replica: 3 } }],
    ['a number as text', { ...values, engine: { ...values.engine, replicas: '3' } }],
    ['a log level that does not exist', { ...values, logLevel: 'loud' }],
    ['no connections', { ...values, connections: {} }],
  ])('%s is refused', (_, wrong) => {
    expect(validate(wrong)).toBe(false)
  })
})

// No helm binary is to be had where the tests run; the renderer is built from test/kit/helm-render with Debian's Go.
describe.skipIf(!canRender)('the rendered chart', () => {
  let plain: Manifest[]
  let full: Manifest[]
  beforeAll(async () => {
    plain = (await renderChart()).manifests
    full = (await renderChart(everything)).manifests
  })

  const ofKind = (manifests: Manifest[], kind: string) => manifests.filter(manifest => manifest.kind === kind)
  const named = (manifests: Manifest[], kind: string, role: string) => {
    const found = ofKind(manifests, kind).find(({ metadata }) => metadata.name === `ci-yardmaster-${role}`)
    if (found === undefined) throw new Error(`the chart renders no ${kind} ci-yardmaster-${role}`)
    return found
  }
  const containerOf = (manifests: Manifest[], role: string) => {
    const container = named(manifests, 'Deployment', role).spec.template.spec.containers[0]
    if (container === undefined) throw new Error(`${role} has no container`)
    return container
  }

  test('each role is a Deployment of its own, with its own number of replicas', async () => {
    expect(ofKind(plain, 'Deployment').map(({ metadata }) => metadata.name).sort()).toEqual(roles.map(role => `ci-yardmaster-${role}`).sort())
    const counts = Object.fromEntries(roles.map((role, n) => [key(role), { replicas: n + 3 }]))
    const { manifests } = await renderChart(counts)
    for (const [n, role] of roles.entries()) expect(named(manifests, 'Deployment', role).spec.replicas).toBe(n + 3)
  })

  test('names and labels are fit for Kubernetes, also with a long release name', async () => {
    const { manifests } = await renderChart(everything, 'a-release-with-a-name-of-fifty-three-characters-long')
    for (const { kind, metadata } of manifests) {
      expect(metadata.name, kind).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
      for (const label of Object.values(metadata.labels)) expect(label).toMatch(/^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/)
    }
    const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    expect(new Set(names).size).toBe(names.length)
  })

  test('every selector finds the pods of its role and no others', () => {
    const pods = [...ofKind(full, 'Deployment'), ...ofKind(full, 'StatefulSet')]
    const found = (selector: { [name: string]: string }) => pods.filter(({ spec }) => Object.entries(selector).every(([name, value]) => spec.template.metadata.labels[name] === value)).map(({ metadata }) => metadata.name)
    for (const { metadata, spec } of [...pods, ...ofKind(full, 'PodDisruptionBudget')]) expect(found(spec.selector.matchLabels)).toEqual([metadata.name])
    for (const { metadata, spec } of ofKind(full, 'Service')) expect(found(spec.selector)).toEqual([metadata.name])
    expect(ofKind(full, 'PodDisruptionBudget')).toHaveLength(roles.length)
  })

  test('probes ask the health port that the image opens', () => {
    const stages = parseDockerfile(readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8'))
    for (const role of roles) {
      const { ports, livenessProbe, readinessProbe, startupProbe } = containerOf(plain, role)
      expect([startupProbe?.httpGet, livenessProbe?.httpGet, readinessProbe?.httpGet]).toEqual([{ path: '/healthz', port: 'health' }, { path: '/healthz', port: 'health' }, { path: '/readyz', port: 'health' }])
      const port = ports?.find(({ name }) => name === 'health')?.containerPort
      expect(withAncestors(stages, role).map(({ text }) => text).join('\n')).toContain(`YARD_HEALTH_PORT=${port}`)
    }
  })

  test('services and the ingress lead to ports that are open', () => {
    for (const role of ['engine', 'ui-api']) {
      const targets = named(full, 'Service', role).spec.ports.map(({ targetPort }) => targetPort)
      expect(containerOf(full, role).ports?.map(({ name }) => name)).toEqual(expect.arrayContaining(targets))
    }
    const [ingress] = ofKind(full, 'Ingress')
    expect(ingress?.spec.rules).toMatchObject([{ host: 'ci.example.org', http: { paths: [{ backend: { service: { name: 'ci-yardmaster-ui-api', port: { name: 'http' } } } }] } }])
    expect(ofKind(plain, 'Ingress')).toEqual([])
  })

  test('the environment is of settings that exist, and secrets come from Secrets', () => {
    const known = new Set<string>(Object.values(settingsTable).map(({ env }) => env))
    for (const role of roles) {
      const env = containerOf(full, role).env ?? []
      expect(env.map(({ name }) => name).filter(name => !known.has(name))).toEqual([])
      for (const name of ['DATABASE_URL', 'NATS_URL', 'REDIS_URL']) expect(env.find(one => one.name === name)).toEqual({ name, valueFrom: { secretKeyRef: { name: 'yardmaster-connections', key: name } } })
    }
  })

  test('what a pod mounts is there', () => {
    const configMaps = ofKind(full, 'ConfigMap').map(({ metadata }) => metadata.name)
    for (const { metadata, spec: { template } } of ofKind(full, 'Deployment')) {
      const volumes = new Map(template.spec.volumes?.map(volume => [volume.name, volume]))
      for (const mount of template.spec.containers[0]?.volumeMounts ?? []) expect([...volumes.keys()], metadata.name).toContain(mount.name)
      expect(configMaps).toContain(volumes.get('config')?.configMap?.name)
      expect(volumes.get('secrets')?.secret?.secretName).toBe('yard-secrets')
    }
    expect(ofKind(full, 'ConfigMap')[0]?.data?.['yard.config.ts']).toContain('defineConfig')
  })

  test('services run without root on a read-only root folder, and an engine has time to drain', () => {
    const hardened = (template: PodTemplate) => {
      expect(template.spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
      expect(template.spec.containers[0]?.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } })
      expect(template.spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(expect.arrayContaining(['/var/lib/yardmaster', '/tmp']))
    }
    for (const role of roles) hardened(named(plain, 'Deployment', role).spec.template)
    expect(named(plain, 'Deployment', 'engine').spec.template.spec.terminationGracePeriodSeconds).toBe(3600)
  })

  test('an autoscaler takes the replica count over', () => {
    expect(ofKind(plain, 'HorizontalPodAutoscaler')).toEqual([])
    expect(ofKind(full, 'HorizontalPodAutoscaler').map(({ spec }) => spec.scaleTargetRef.name).sort()).toEqual(['ci-yardmaster-engine', 'ci-yardmaster-ui-api'])
    expect(named(full, 'Deployment', 'engine').spec).not.toHaveProperty('replicas')
  })

  test('ui-api answers to the name that people type', async () => {
    expect((await renderChart({ ingress: { enabled: true, host: 'ci.example.org', tlsSecretName: 'tls' } })).text).toContain('value: "https://ci.example.org/"')
    expect((await renderChart({ ingress: { enabled: true, host: 'ci.example.org' } })).text).toContain('value: "http://ci.example.org/"')
  })

  test('machines on demand are told where the engines are', async () => {
    const told = (manifests: Manifest[]) => containerOf(manifests, 'engine').env?.find(({ name }) => name === 'YARD_WORKER_URL')?.value
    const { port } = named(plain, 'Service', 'engine').spec.ports[0]!
    expect(told(plain)).toBe(`ws://ci-yardmaster-engine.builds:${port}`)
    expect(told((await renderChart({ engine: { workerUrl: 'wss://workers.example.org' } })).manifests)).toBe('wss://workers.example.org')
  })

  test('only the provisioner may start Pods, and only where it is asked for', async () => {
    for (const kind of ['Role', 'RoleBinding']) expect(ofKind(plain, kind)).toEqual([])
    const { manifests } = await renderChart({ latentWorkerProvisioner: { pods: { enabled: true, namespace: 'machines' } } })
    const [role] = ofKind(manifests, 'Role')
    const [binding] = ofKind(manifests, 'RoleBinding')
    expect(role).toMatchObject({ metadata: { namespace: 'machines' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'create', 'delete'] }, { apiGroups: [''], resources: ['secrets'], verbs: ['create'] }] })
    expect(binding).toMatchObject({ metadata: { namespace: 'machines' }, roleRef: { kind: 'Role', name: role?.metadata.name }, subjects: [{ kind: 'ServiceAccount', namespace: 'builds' }] })
    for (const each of roles) {
      const { serviceAccountName, automountServiceAccountToken } = named(manifests, 'Deployment', each).spec.template.spec
      const may = each === 'latent-worker-provisioner'
      expect(automountServiceAccountToken, each).toBe(may)
      expect(serviceAccountName === binding?.subjects?.[0]?.name, each).toBe(may)
      expect(ofKind(manifests, 'ServiceAccount').map(({ metadata }) => metadata.name)).toContain(serviceAccountName)
      expect(named(plain, 'Deployment', each).spec.template.spec.automountServiceAccountToken).toBe(false)
    }
  })

  test('a changed configuration starts new pods', async () => {
    const { manifests } = await renderChart({ config: { files: { 'yard.config.ts': 'export default {}' } } })
    const checksum = (from: Manifest[]) => named(from, 'Deployment', 'engine').spec.template.metadata.annotations?.['checksum/config']
    expect(checksum(manifests)).not.toBe(checksum(plain))
  })

  test('changed values are in the output, missing ones are asked for', async () => {
    const { text, notes } = await renderChart({ image: { repository: 'registry.example.org/yardmaster', tag: '1.2.3' }, baseUrl: 'https://ci.example.org/', extraEnv: { YARD_WORKER_LOST_AFTER: 90 }, engine: { nodeSelector: { disk: 'fast' } } })
    for (const part of ['"registry.example.org/yardmaster/engine:1.2.3"', 'value: "https://ci.example.org/"', 'value: "90"', 'disk: fast']) expect(text).toContain(part)
    expect(notes).toContain('port-forward service/ci-yardmaster-ui-api')
    await expect(renderChart({ ingress: { enabled: true } })).rejects.toThrow(/ingress\.host is the name that people type/)
    await expect(renderChart({ worker: { replicas: 1 } })).rejects.toThrow(/worker\.passwordSecret\.name/)
  })
})
