import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json, MachineLabel, MachineRequest } from '@yardmaster/domain'
import { manualClock, systemClock, type Clock } from '@yardmaster/runtime'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { conformance } from '../conformance/conformance.js'
import { DockerEngine, type DockerEngineOptions, type SimulatedContainer } from '../testing/docker-engine.js'
import { openDocker } from './docker-provider.js'

const installation = 'd0000000-0000-4000-8000-000000000001'
const label = (worker: string, attempt = 1): MachineLabel => ({ installation, worker, attempt })
const request = (of: MachineLabel, options: { [name: string]: Json } = {}): MachineRequest => ({
  label: of, name: `yard-${of.worker.replaceAll(/[^a-z0-9]/g, '-')}-${of.attempt}`, options: { image: 'yardmaster/worker', ...options }, zone: null, plan: null,
  worker: { name: of.worker, password: 'one-time-7', engines: ['ws://ci.example.org:9989', 'ws://ci2.example.org'] },
})
const { signal } = new AbortController()
const clock = systemClock()
const refusal = { failureClass: 'configuration', mayHaveHappened: false }

let engines: DockerEngine[]
const engine = async (options: DockerEngineOptions = { images: ['yardmaster/worker'] }) => {
  const made = await new DockerEngine(options).listen()
  engines.push(made)
  return made
}
const open = (hosts: { url: string; max?: number }[], registryAuth: Json = null, clock: Clock = systemClock()) =>
  openDocker({ hosts: hosts.map(({ url, max }) => ({ url, max: max ?? null, ca: null, cert: null, key: null })), registryAuth }, { clock })
const only = (of: DockerEngine): SimulatedContainer => [...of.containers.values()][0]!

beforeEach(() => { engines = [] })
afterEach(() => Promise.all(engines.map(made => made.close())))

describe('a container as a machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'yard-docker-'))
  const subject = () => ({ hosts: [{ url: `unix://${folder}/docker.sock` }, { url: 'unset' }] })
  let hosts: { url: string }[] = []
  beforeEach(async () => {
    engines.push(await new DockerEngine({ images: ['yardmaster/worker'] }).listen(join(folder, 'docker.sock')))
    hosts = [subject().hosts[0]!, await engine()]
  })
  afterEach(() => rmSync(join(folder, 'docker.sock'), { force: true }))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const late = () => openDocker({ hosts: hosts.map(({ url }, index) => ({ url, max: index === 0 ? 3 : null, ca: null, cert: null, key: null })), registryAuth: null }, { clock })
  const refused = [
    { what: 'an image that nobody has', request: (of: MachineLabel) => request(of, { image: 'nobody/has-it' }), failureClass: 'configuration' },
    { what: 'an image that is no text', request: (of: MachineLabel) => request(of, { image: 7 }), failureClass: 'configuration' },
    { what: 'a command that is not there', request: (of: MachineLabel) => request(of, { command: ['/missing'] }), failureClass: 'configuration' },
  ]
  const rules = conformance({
    get provider() { return late() }, get second() { return late() }, request, refused, installations: [installation, 'd0000000-0000-4000-8000-000000000002'], clock, withinMs: 5_000, pauseMs: 10,
  })
  test.each(rules)('$name', ({ run }) => run())
})

test('what is said of a container reaches the engine, and the password no address', async () => {
  const docker = await engine()
  const { id } = await open([docker]).create(request(label('w'), {
    command: ['run', 'it'], env: { A: 'b', YARD_WORKER_PASSWORD: 'not this' }, volumes: ['cache:/cache', '/srv:/srv:ro'], network: 'ci', memory: '1073741824', cpus: 1.5, privileged: true, hostConfig: { Init: true },
  }), signal)
  const { body, name, status } = only(docker)
  expect({ name, status }).toEqual({ name: 'yard-w-1', status: 'running' })
  expect(body).toMatchObject({
    Image: 'yardmaster/worker', Cmd: ['run', 'it'], Hostname: 'yard-w-1',
    HostConfig: { Binds: ['cache:/cache', '/srv:/srv:ro'], NetworkMode: 'ci', Memory: 1073741824, NanoCpus: 1_500_000_000, Privileged: true, Init: true, RestartPolicy: { Name: 'no' } },
  })
  expect((body['Env'] as string[]).sort()).toEqual([
    'A=b', 'BUILDMASTER=ci.example.org', 'BUILDMASTER_PORT=9989', 'BUILDMASTER_PROTOCOL=msgpack_experimental_v7', 'WORKERNAME=w', 'WORKERPASS=one-time-7',
    'WORKER_ENVIRONMENT_BLACKLIST=YARD_WORKER_PASSWORD WORKERPASS', 'YARD_ENGINE=ws://ci.example.org:9989,ws://ci2.example.org', 'YARD_WORKER_NAME=w', 'YARD_WORKER_PASSWORD=one-time-7',
  ])
  expect(docker.requests.filter(line => line.includes('one-time'))).toEqual([])
  docker.exit(only(docker).id, 137)
  expect(await open([docker]).get(id, signal)).toMatchObject({ state: 'stopped', detail: 'exited: exit code 137' })
})

test('hosts are filled in order, each as far as it may be, also by many at once', async () => {
  const [first, second] = [await engine(), await engine()]
  const provider = open([{ url: first.url, max: 3 }, { url: second.url, max: 2 }])
  const asked = await Promise.allSettled(Array.from({ length: 7 }, (_, index) => provider.create(request(label(`w${index}`)), signal)))
  expect([first.containers.size, second.containers.size]).toEqual([3, 2])
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  await expect(provider.create(request(label('w9')), signal)).rejects.toMatchObject({ failureClass: 'backoff', code: 'HOSTS_FULL', mayHaveHappened: false })
  const machine = (await provider.list(installation, signal)).machines.find(({ id }) => id.endsWith(first.url))!
  expect(await provider.remove(machine, signal)).toBe('gone')
  await provider.create(request(label('w9')), signal)
  expect(first.containers.size).toBe(3)
})

test('a host that does not answer is not an empty one, and gets nothing', async () => {
  const [up, down] = [await engine(), await engine()]
  const provider = open([down, up])
  const { id } = await provider.create(request(label('w')), signal)
  await down.close()
  engines = engines.filter(made => made !== down)
  await expect(provider.list(installation, signal)).rejects.toMatchObject({ failureClass: 'retry', code: 'ECONNREFUSED' })
  await expect(provider.get(id, signal)).rejects.toMatchObject({ failureClass: 'retry' })
  await provider.create(request(label('w', 2)), signal)
  expect(up.containers.size).toBe(1)
  await expect(open([up]).get(id, signal)).rejects.toMatchObject({ failureClass: 'alert', code: 'HOST_UNKNOWN' })
})

test('an image is pulled where it is missing, and always or never where that is said', async () => {
  const docker = await engine({ images: ['there:1'], registry: { 'there:1': {}, 'ghcr.io/team/worker:2': { auth: 'u:p' }, 'docker/private': { auth: 'u:p' } } })
  const auth = { serveraddress: 'https://ghcr.io', username: 'u', password: 'p' }
  await open([docker], auth).create(request(label('a'), { image: 'ghcr.io/team/worker:2' }), signal)
  await open([docker], auth).create(request(label('b'), { image: 'there:1' }), signal)
  expect(docker.requests.filter(line => line.startsWith('POST /images'))).toHaveLength(1)
  await open([docker], auth).create(request(label('c'), { image: 'there:1', pullPolicy: 'always' }), signal)
  expect(docker.requests.filter(line => line.startsWith('POST /images'))).toHaveLength(2)
  await expect(open([docker], auth).create(request(label('d'), { image: 'docker/private' }), signal)).rejects.toMatchObject({ failureClass: 'alert', mayHaveHappened: false })
  await expect(open([docker], auth).create(request(label('e'), { image: 'docker/private', pullPolicy: 'never' }), signal)).rejects.toMatchObject({ ...refusal, code: 'NO_IMAGE' })
  expect(await open([docker]).check?.(request(label('f'), { image: 'docker/private', pullPolicy: 'never' }), signal)).toMatchObject([{ severity: 'error', option: 'image' }])
})

test('a pull goes on when nobody waits any more', async () => {
  let done = () => {}
  const docker = await engine({ registry: { slow: {} }, pulling: () => new Promise(resolve => { done = resolve }) })
  const time = manualClock()
  const provider = open([docker], null, time)
  const impatient = new AbortController()
  const first = provider.create(request(label('w'), { image: 'slow' }), impatient.signal)
  await until('it is being pulled', () => docker.requests.some(line => line.startsWith('POST /images')))
  impatient.abort(new Error('it takes too long'))
  await expect(first).rejects.toMatchObject({ failureClass: 'retry', code: 'PULLING', mayHaveHappened: false })
  let waited: unknown = null
  provider.create(request(label('v'), { image: 'slow' }), signal).catch((error: unknown) => { waited = error })
  await until('it has waited for long enough', async () => {
    await time.advance(10_000)
    return waited
  })
  expect(waited).toMatchObject({ code: 'PULLING' })
  const second = provider.create(request(label('w'), { image: 'slow' }), signal)
  await until('it waits too', () => docker.requests.filter(line => line.startsWith('POST /containers/create')).length === 3)
  done()
  expect(await second).toMatchObject({ state: 'running' })
  expect(docker.requests.filter(line => line.startsWith('POST /images'))).toHaveLength(1)
})

test('an answer that was lost is no second machine', async () => {
  const docker = await engine()
  docker.faults.push({ method: 'POST', path: /create$/, act: 'lost' })
  await expect(open([docker]).create(request(label('w')), signal)).rejects.toMatchObject({ failureClass: 'retry', mayHaveHappened: true })
  // Whoever made it starts it before anybody hears of it: left like this, nobody ever would.
  expect((await open([docker]).list(installation, signal)).machines).toMatchObject([{ state: 'error', detail: expect.stringMatching(/Up|created/i) }])
  await open([docker]).create(request(label('w')), signal)
  expect(only(docker).status).toBe('running')
  // Two at once that both saw nothing.
  docker.containers.clear()
  const [one, other] = await Promise.all([open([docker]).create(request(label('v')), signal), open([docker]).create(request(label('v')), signal)])
  expect([one?.id, docker.containers.size]).toEqual([other?.id, 1])
})

test('an engine that is gone between making and starting a container may have it', async () => {
  const docker = await engine()
  engines = engines.filter(made => made !== docker)
  docker.faults.push({ method: 'POST', path: /create$/, act: 'last' })
  await expect(open([docker]).create(request(label('w')), signal)).rejects.toMatchObject({ failureClass: 'retry', code: 'ECONNREFUSED', mayHaveHappened: true })
  expect(only(docker).status).toBe('created')
})

test.each([
  [{ status: 500, body: { message: 'driver failed' } }, { failureClass: 'retry', mayHaveHappened: true }],
  [{ status: 500, body: { message: 'write /var/lib/docker: no space left on device' } }, { failureClass: 'backoff' }],
  [{ status: 403, body: { message: 'authorization denied by plugin' } }, { failureClass: 'alert', mayHaveHappened: false }],
  [{ status: 400, body: { message: 'invalid volume specification' } }, refusal],
])('what the engine says is a failure of its class: %j', async (act, expected) => {
  const docker = await engine()
  docker.faults.push({ method: 'POST', path: /create$/, act })
  await expect(open([docker]).create(request(label('w')), signal)).rejects.toMatchObject(expected)
})

test('a removal that is under way is waited for, and an engine that hangs is given up', async () => {
  const docker = await engine()
  const provider = open([docker])
  const machine = await provider.create(request(label('w')), signal)
  docker.faults.push({ method: 'DELETE', path: /./, act: { status: 409, body: { message: 'removal of container is already in progress' } } })
  expect(await provider.remove(machine, signal)).toBe('going')
  docker.faults.push({ method: 'GET', path: /./, act: 'hang' })
  const impatient = new AbortController()
  const hanging = provider.list(installation, impatient.signal)
  await until('it is asked', () => docker.faults.length === 0)
  impatient.abort(new Error('it takes too long'))
  await expect(hanging).rejects.toMatchObject({ failureClass: 'retry' })
  expect(await provider.remove(machine, signal)).toBe('gone')
})

test('the image of our worker, run with what the container is given, connects', async () => {
  const home = mkdtempSync(join(tmpdir(), 'yard-container-'))
  const signedIn: (string | undefined)[] = []
  // As far as an engine's door.
  const far = createServer().on('upgrade', ({ headers }, socket) => {
    signedIn.push(headers.authorization)
    socket.on('end', () => { signedIn.push('gone'); socket.destroy() }).resume()
  })
  await new Promise<void>(resolve => far.listen(0, '127.0.0.1', resolve))
  const run = ({ body }: SimulatedContainer) => {
    const env = Object.fromEntries((body['Env'] as string[]).map(entry => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]))
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../../worker/dist/main.js')], { env: { PATH: process.env['PATH'], YARD_WORKER_BASEDIR: home, ...env }, stdio: 'ignore' })
    return () => void child.kill('SIGKILL')
  }
  const docker = await engine({ images: ['yardmaster/worker'], run })
  const made = request(label('w1'))
  const machine = await open([docker]).create({ ...made, worker: { name: 'w1', password: 'right', engines: [`ws://127.0.0.1:${(far.address() as AddressInfo).port}`] } }, signal)
  await until('its worker signs in', () => signedIn[0] === `Basic ${Buffer.from('w1:right').toString('base64')}`)
  expect(await open([docker]).remove(machine, signal)).toBe('gone')
  await until('its worker is gone', () => signedIn.at(-1) === 'gone')
  far.close()
  rmSync(home, { recursive: true, force: true })
})
