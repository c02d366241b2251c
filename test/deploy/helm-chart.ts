import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findExecutable } from '@yardmaster/cli/local'
import { parseAllDocuments, stringify } from 'yaml'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const source = join(root, 'test/kit/helm-render')
const goPath = '/usr/share/gocode'

export const chartFolder = join(root, 'deploy/helm/yardmaster')

/** Go and sprig as Debian packages them (golang-go, golang-github-masterminds-sprig-dev, golang-gopkg-yaml.v3-dev). */
export const canRender = findExecutable('go', []) !== null && existsSync(join(goPath, 'src/github.com/Masterminds/sprig'))

export type Container = {
  name: string
  image: string
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string; key: string } } }[]
  ports?: { name: string; containerPort: number }[]
  livenessProbe?: Probe
  readinessProbe?: Probe
  startupProbe?: Probe
  resources?: object
  securityContext?: { [name: string]: unknown }
  volumeMounts?: { name: string; mountPath: string }[]
}
type Probe = { httpGet: { path: string; port: string } }
export type PodTemplate = { metadata: { labels: { [name: string]: string }; annotations?: { [name: string]: string } }; spec: { containers: Container[]; securityContext: object; serviceAccountName?: string; automountServiceAccountToken?: boolean; terminationGracePeriodSeconds: number; volumes?: { name: string; configMap?: { name: string }; secret?: { secretName: string } }[] } }
export type Manifest = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels: { [name: string]: string } }
  subjects?: { kind: string; name: string; namespace: string }[]
  data?: { [name: string]: string }
  spec: {
    replicas?: number
    template: PodTemplate
    // A Service selects by the labels themselves, everything else by matchLabels.
    selector: { [name: string]: string } & { matchLabels: { [name: string]: string } }
    ports: { port: number; targetPort: string }[]
    scaleTargetRef: { name: string }
    rules: { host: string; http: { paths: { backend: { service: { name: string; port: { name: string } } } }[] } }[]
    [name: string]: unknown
  }
}

/** Builds the renderer if it is older than its source; returns the program. */
async function renderer(): Promise<string> {
  const folder = join(root, 'node_modules/.cache/helm-render')
  const program = join(folder, 'helm-render')
  if (existsSync(program) && statSync(program).mtimeMs > statSync(join(source, 'main.go')).mtimeMs) return program
  mkdirSync(folder, { recursive: true })
  await run('go', ['build', '-o', program, './test/kit/helm-render'], { cwd: root, env: { ...process.env, GO111MODULE: 'off', GOPATH: goPath, GOCACHE: join(folder, 'go'), GOFLAGS: '' } })
  return program
}

/** The chart with these values laid over its own: its Kubernetes objects, and the notes. Throws what `helm template` would say. */
export async function renderChart(values: object = {}, release = 'ci'): Promise<{ manifests: Manifest[]; notes: string; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-chart-'))
  try {
    writeFileSync(join(folder, 'values.yaml'), stringify(values))
    const { stdout } = await run(await renderer(), [chartFolder, release, 'builds', join(folder, 'values.yaml')])
    const parts = stdout.split(/^--- # /m).slice(1).map(part => ({ file: part.slice(0, part.indexOf('\n')), text: part.slice(part.indexOf('\n') + 1) }))
    const text = parts.filter(part => part.file.endsWith('.yaml')).map(part => part.text).join('\n---\n')
    return { manifests: manifestsOf(text), notes: parts.find(part => part.file === 'NOTES.txt')?.text ?? '', text }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function manifestsOf(text: string): Manifest[] {
  return [...parseAllDocuments(text)].flatMap(document => {
    for (const error of document.errors) throw error
    const manifest = document.toJS() as Manifest | null
    return manifest === null ? [] : [manifest]
  })
}
