import { randomBytes } from 'node:crypto'
import type { Json } from '@yardmaster/domain'
import { ApiServer, type ApiAnswer, type ApiRequest, type Tls } from './api-server.js'

type Record = { [key: string]: Json }
export type SimulatedContainer = { id: string; name: string; body: Record; status: 'created' | 'running' | 'exited'; exitCode: number; end: (() => void) | null }

export type DockerEngineOptions = {
  /** On the host from the beginning. */
  images?: string[]
  /** To be pulled; those of a private registry with what opens it, as `username:password`. */
  registry?: { [image: string]: { auth?: string } }
  /** Runs what a started container is to run; the answer ends it. */
  run?: (container: SimulatedContainer) => () => void
  /** What a pull waits for before its last line. */
  pulling?: () => Promise<void>
  tls?: Tls
}

const refused = (status: number, message: string): ApiAnswer => ({ status, body: { message } })
const labelsOf = ({ body }: SimulatedContainer): Record => (body['Labels'] ?? {}) as Record
const withTag = (image: string): string => (/[:@][^/]*$/.test(image) ? image : `${image}:latest`)

/** The part of Docker's Engine API that machines need, as Docker 27 answers. */
export class DockerEngine extends ApiServer {
  readonly containers = new Map<string, SimulatedContainer>()
  readonly images: Set<string>
  readonly #options: DockerEngineOptions

  constructor(options: DockerEngineOptions = {}) {
    super(request => this.#route(request), options.tls)
    this.#options = options
    this.images = new Set((options.images ?? []).map(withTag))
  }

  get url(): string {
    return `tcp://127.0.0.1:${this.port}`
  }

  /** As when the process of a container ends by itself. */
  exit(id: string, exitCode: number): void {
    const container = this.#find(id)
    if (container) Object.assign(container, { status: 'exited', exitCode, end: null })
  }

  override async close(): Promise<void> {
    for (const { end } of this.containers.values()) end?.()
    await super.close()
  }

  #find(idOrName: string): SimulatedContainer | undefined {
    return [...this.containers.values()].find(({ id, name }) => id === idOrName || name === idOrName || (idOrName.length >= 12 && id.startsWith(idOrName)))
  }

  #route(request: ApiRequest): ApiAnswer | Promise<ApiAnswer> {
    const path = request.path.replace(/^\/v\d\.\d+/, '')
    const at = `${request.method} ${path}`
    if (path === '/_ping') return { status: 200 }
    if (at === 'GET /version') return { status: 200, body: { Version: '27.5.1', ApiVersion: '1.47', MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64' } }
    if (at === 'GET /containers/json') return { status: 200, body: this.#list(request.query) }
    if (at === 'POST /containers/create') return this.#create(request)
    if (at === 'POST /images/create') return this.#pull(request)
    const image = /^GET \/images\/(.+)\/json$/.exec(at)?.[1]
    if (image !== undefined) return this.images.has(withTag(decodeURIComponent(image))) ? { status: 200, body: { Id: `sha256:${image}` } } : refused(404, `No such image: ${image}`)
    const [, id = '', action = ''] = /^\/containers\/([^/]+)(\/\w+)?$/.exec(path) ?? []
    const container = this.#find(decodeURIComponent(id))
    if (id === '') return refused(404, 'page not found')
    if (!container) return refused(404, `No such container: ${id}`)
    if (at.startsWith('GET') && action === '/json') return { status: 200, body: inspected(container) }
    if (at.startsWith('POST') && action === '/start') return this.#start(container)
    if (at.startsWith('DELETE') && action === '') return this.#remove(container, request.query)
    return refused(404, 'page not found')
  }

  #list(query: URLSearchParams): Json {
    const filters = JSON.parse(query.get('filters') ?? '{}') as { label?: string[] | { [label: string]: boolean } }
    const wanted = Array.isArray(filters.label) ? filters.label : Object.keys(filters.label ?? {})
    return [...this.containers.values()]
      .filter(container => (query.get('all') === 'true' || query.get('all') === '1' || container.status === 'running'))
      .filter(container => wanted.every(label => { const [key = '', ...value] = label.split('='); return labelsOf(container)[key] === value.join('=') }))
      .map(container => ({
        Id: container.id, Names: [`/${container.name}`], Image: container.body['Image'] ?? '', ImageID: 'sha256:1', Command: '', Created: 1_790_000_000, Ports: [], Mounts: [],
        Labels: labelsOf(container), State: container.status, Status: container.status === 'exited' ? `Exited (${container.exitCode}) 2 seconds ago` : 'Up 2 seconds',
        HostConfig: { NetworkMode: 'bridge' }, NetworkSettings: { Networks: { bridge: { IPAddress: container.status === 'running' ? '172.17.0.2' : '' } } },
      }))
  }

  #create({ query, body }: ApiRequest): ApiAnswer {
    const wanted = body as Record
    const image = String(wanted['Image'] ?? '')
    const name = query.get('name') ?? `random_${this.containers.size}`
    if (image === '') return refused(400, 'no image specified')
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return refused(400, `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`)
    const taken = this.#find(name)
    if (taken) return refused(409, `Conflict. The container name "/${name}" is already in use by container "${taken.id}". You have to remove (or rename) that container to be able to reuse that name.`)
    if (!this.images.has(withTag(image))) return refused(404, `No such image: ${withTag(image)}`)
    const container: SimulatedContainer = { id: randomBytes(32).toString('hex'), name, body: wanted, status: 'created', exitCode: 0, end: null }
    this.containers.set(container.id, container)
    return { status: 201, body: { Id: container.id, Warnings: [] } }
  }

  #start(container: SimulatedContainer): ApiAnswer {
    if (container.status === 'running') return { status: 304 }
    const [program = ''] = (container.body['Cmd'] ?? []) as string[]
    if (program === '/missing') return refused(400, 'failed to create task for container: OCI runtime create failed: exec: "/missing": stat /missing: no such file or directory: unknown')
    container.status = 'running'
    container.end = this.#options.run?.(container) ?? null
    return { status: 204 }
  }

  #remove(container: SimulatedContainer, query: URLSearchParams): ApiAnswer {
    const forced = query.get('force') === 'true' || query.get('force') === '1'
    if (container.status === 'running' && !forced) return refused(409, `cannot remove container "/${container.name}": container is running: stop the container before removing or force remove`)
    container.end?.()
    this.containers.delete(container.id)
    return { status: 204 }
  }

  #pull({ query, headers }: ApiRequest): ApiAnswer {
    // Docker's own client says where it is, too.
    const name = (query.get('fromImage') ?? '').replace(/^docker\.io\/(library\/)?/, '')
    const tag = query.get('tag') ?? ''
    const image = tag.startsWith('sha256:') ? `${name}@${tag}` : `${name}:${tag}`
    const known = Object.entries(this.#options.registry ?? {}).find(([offered]) => withTag(offered) === image)?.[1]
    if (!known) return refused(404, `pull access denied for ${name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`)
    const given = JSON.parse(Buffer.from(String(headers['x-registry-auth'] ?? ''), 'base64url').toString() || '{}') as { username?: string; password?: string }
    if (known.auth !== undefined && known.auth !== `${given.username}:${given.password}`) return { status: 200, lines: toLines([{ errorDetail: { message: 'unauthorized: incorrect username or password' }, error: 'unauthorized: incorrect username or password' }]) }
    return { status: 200, lines: this.#pulled(image) }
  }

  async *#pulled(image: string): AsyncGenerator<string> {
    yield JSON.stringify({ status: `Pulling from ${image}`, id: 'latest' })
    await this.#options.pulling?.()
    this.images.add(image)
    yield JSON.stringify({ status: `Status: Downloaded newer image for ${image}` })
  }
}

async function *toLines(values: Json[]): AsyncGenerator<string> {
  for (const value of values) yield await Promise.resolve(JSON.stringify(value))
}

const inspected = (container: SimulatedContainer): Json => ({
  Id: container.id, Name: `/${container.name}`, Created: '2026-11-22T20:00:00.123456789Z', Image: 'sha256:1', Mounts: [],
  State: { Status: container.status, Running: container.status === 'running', Paused: false, Restarting: false, OOMKilled: false, Dead: false, Pid: 0, ExitCode: container.exitCode, Error: '' },
  Config: { Labels: labelsOf(container), Env: container.body['Env'] ?? [], Image: container.body['Image'] ?? '' }, HostConfig: container.body['HostConfig'] ?? {},
  NetworkSettings: { Networks: { bridge: { IPAddress: container.status === 'running' ? '172.17.0.2' : '' } } },
})
