import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { machineName, type Json, type MachineLabel, type MachineProvider, type MachineRequest } from '@yardmaster/domain'
import { createLogger, systemClock, systemRandom } from '@yardmaster/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { conformance, type Subject } from '../conformance/conformance.js'
import { at, recordsAt, textAt } from './json-read.js'
import { machineOf } from './machines.js'
import { openUpcloud } from './provider.js'
import { serverBody } from './server-body.js'
import { serverOptions } from './server-options.js'
import { startUpcloudSimulator, type UpcloudSimulator } from './simulator/index.js'

const home = mkdtempSync(join(tmpdir(), 'yard-upcloud-'))
const clock = systemClock()
const random = systemRandom()
const signal = new AbortController().signal
const deps = { clock, random, logger: createLogger({ name: 'test', level: 'silent' }), home }
const token = 'ucat_TEST'
const accounts = [
  { username: 'main', password: 'pw', tokens: [{ token }] },
  { username: 'worker', password: 'sub', mainAccount: 'main', allowGui: false, tokens: [{ token: 'ucat_SUB' }] },
  { username: 'poor', password: 'pw', credits: 0 },
]

let simulator: UpcloudSimulator
beforeAll(async () => {
  // Machines are not booted: these are tests of what is asked of the API.
  simulator = await startUpcloudSimulator({ clock, random, home, seed: 1, timeScale: 0.005, boot: false, accounts })
})
afterAll(async () => {
  await simulator.close()
  rmSync(home, { recursive: true, force: true })
})
beforeEach(() => void simulator.removeFaults())

const open = (account: { [name: string]: Json } = { apiToken: token }) => openUpcloud({ baseUrl: `${simulator.url}/1.3`, ...account }, deps)
const installation = 'c0000000-0000-4000-8000-000000000001'
const debian = 'Debian GNU/Linux 12 (Bookworm)'
const userData = '#!/bin/sh\necho one-time-7\n'
const requestOf = (label: MachineLabel, hostconfig: { [name: string]: Json } = {}, image = debian): MachineRequest => ({
  label, name: machineName(label), options: { image, hostconfig: { userData, ...hostconfig } }, zone: null, plan: null, worker: { name: label.worker, password: 'one-time-7', engines: ['ws://127.0.0.1:9'] },
})
let attempts = 10_000
const label = (worker = 'up-1'): MachineLabel => ({ installation, worker, attempt: ++attempts })

async function gone(provider: MachineProvider, machine: Parameters<MachineProvider['remove']>[0]): Promise<void> {
  await expect.poll(() => provider.remove(machine, signal), { interval: 50 }).toBe('gone')
}
async function stateOf(provider: MachineProvider, id: string): Promise<string | undefined> {
  return (await provider.get(id, signal))?.detail
}

describe('a server of UpCloud as a machine', () => {
  const refused = [
    { what: 'an image that is not there', request: (of: MachineLabel) => requestOf(of, {}, 'Debian GNU/Linux 3.1 (Sarge)'), failureClass: 'configuration' },
    { what: 'a zone that is not there', request: (of: MachineLabel) => requestOf(of, { zone: 'xx-nowhere1' }), failureClass: 'configuration' },
    { what: 'no metadata for a cloud-init image', request: (of: MachineLabel) => requestOf(of, { metadata: false }), failureClass: 'configuration' },
  ]
  // The simulator is reached once it listens.
  const subject = (): Subject => ({ provider: open(), second: open({ apiUsername: 'main', apiPassword: 'pw' }), request: requestOf, refused, installations: [installation, 'c0000000-0000-4000-8000-000000000002'], clock, withinMs: 20_000, pauseMs: 50 })
  const names = conformance({ provider: openUpcloud({ apiToken: token }, deps), request: requestOf, installations: ['', ''], clock }).map(({ name }) => name)
  test.each(names)('%s', async name => { await conformance(subject()).find(rule => rule.name === name)?.run() })
})

test('a machine runs, has its address, and its disk is labelled as itself', async () => {
  const provider = open()
  const of = label('Größe 1')
  const made = await provider.create(requestOf(of), signal)
  expect(made).toMatchObject({ label: of, state: 'starting', detail: 'maintenance', zone: 'de-fra1', plan: '1xCPU-2GB' })
  // As the ledger looks: what is listed is not asked for one by one.
  await expect.poll(async () => (await provider.list(installation, signal)).machines.find(({ id }) => id === made.id)?.state).toBe('running')
  const [storage] = made.storages
  expect(simulator.state().storages.find(({ uuid }) => uuid === storage)).toMatchObject({ title: machineName(of), labels: { 'yardmaster-installation': installation, 'yardmaster-attempt': String(of.attempt) } })
  expect((await provider.get(made.id, signal))?.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
  await gone(provider, made)
  expect(simulator.state().storages.filter(({ uuid }) => uuid === storage)).toEqual([])
})

test('a machine that was made though the answer says no, or says nothing, is found by its label', async () => {
  const provider = open()
  const faults = [
    { fault: { kind: 'failedAfterDone', status: 403, code: 'ACTION_FORBIDDEN' }, expected: { failureClass: 'alert', mayHaveHappened: false } },
    { fault: { kind: 'failedAfterDone', status: 500 }, expected: { failureClass: 'retry', mayHaveHappened: true } },
    { fault: { kind: 'lostAnswer' }, expected: { failureClass: 'retry', mayHaveHappened: true } },
  ] as const
  for (const { fault, expected } of faults) {
    const of = label()
    simulator.addFault({ ...fault, match: { method: 'POST', path: '^/server$' } })
    await expect(provider.create(requestOf(of), signal)).rejects.toMatchObject(expected)
    const { machines } = await provider.list(installation, signal)
    expect(machines).toMatchObject([{ label: of }])
    await gone(provider, machines[0]!)
  }
})

test('what the API refuses for the moment is asked again: maintenance that lasts, 409 at stop and at delete', async () => {
  const provider = open()
  simulator.addFault({ kind: 'stuckMaintenance', match: { method: 'POST', path: '^/server$' } })
  const made = await provider.create(requestOf(label()), signal)
  for (let n = 0; n < 3; n++) expect(await provider.remove(made, signal)).toBe('going')
  simulator.heal(made.id)
  for (const match of [{ method: 'POST', path: '/stop$' }, { method: 'DELETE', path: '^/server/' }]) simulator.addFault({ kind: 'status', status: 409, code: 'SERVER_STATE_ILLEGAL', match })
  await gone(provider, made)
  expect(simulator.faults().every(({ left }) => left === 0)).toBe(true)
})

test('a machine in error says so, and goes once UpCloud lets it', async () => {
  const provider = open()
  simulator.addFault({ kind: 'errorState', ms: 600, match: { method: 'POST', path: '^/server$' } })
  const made = await provider.create(requestOf(label()), signal)
  await expect.poll(async () => (await provider.get(made.id, signal))?.state).toBe('error')
  expect(await provider.remove(made, signal)).toBe('going')
  await gone(provider, made)
})

test('a disk that outlives its machine is removed with it, or found as a leftover and removed', async () => {
  const provider = open()
  const [first, second] = [await provider.create(requestOf(label()), signal), await provider.create(requestOf(label()), signal)]
  simulator.deleteServer(first.id, false)
  await gone(provider, { ...first, storages: [] })
  // Neither labels nor the ledger tell of the other one's: its title does.
  simulator.deleteServer(second.id, false)
  const { leftovers } = await provider.list(installation, signal)
  expect(leftovers).toEqual([{ id: second.storages[0], kind: 'storage', label: second.label, createdAt: expect.any(Number) }])
  await expect.poll(() => provider.removeLeftover(leftovers[0]!, signal).then(() => 'removed', (error: unknown) => String(error))).toBe('removed')
  expect(await provider.list(installation, signal)).toEqual({ machines: [], leftovers: [] })
})

test('a disk in use, and a machine without our labels, are left alone', async () => {
  const provider = open()
  const made = await provider.create(requestOf(label()), signal)
  await expect(provider.removeLeftover({ id: made.storages[0]!, kind: 'storage', label: made.label, createdAt: null }, signal)).rejects.toThrow(/is attached to the server/)
  await expect(provider.remove({ ...made, label: { ...made.label, installation: 'c0000000-0000-4000-8000-00000000000f' } }, signal)).rejects.toThrow(/left alone/)
  expect(await stateOf(provider, made.id)).toBeDefined()
  await gone(provider, made)
})

/** What a client of UpCloud's may do besides. */
async function api(method: string, path: string, body?: Json): Promise<Json> {
  const response = await fetch(`${simulator.url}/1.3${path}`, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  expect(response.ok).toBe(true)
  return response.status === 204 ? null : await response.json() as Json
}

async function templateOf(title: string): Promise<string> {
  return textAt(recordsAt(await api('GET', '/storage/template'), 'storages', 'storage').find(storage => textAt(storage, 'title') === title), 'uuid')!
}

test('a disk that somebody has attached outlives the machine', async () => {
  const provider = open()
  const of = label()
  const made = await provider.create(requestOf(of), signal)
  await expect.poll(() => stateOf(provider, made.id)).toBe('started')
  const other = at(await api('POST', '/storage', { storage: { size: 10, tier: 'maxiops', title: 'my data', zone: 'de-fra1' } }), 'storage', 'uuid') as string
  await expect.poll(async () => at(await api('GET', `/storage/${other}`), 'storage', 'state')).toBe('online')
  await api('POST', `/server/${made.id}/storage/attach`, { storage_device: { type: 'disk', storage: other } })
  const seen = await provider.get(made.id, signal)
  expect(seen?.storages).toEqual(made.storages)
  await gone(provider, { ...made, ...seen })
  const left = simulator.state().storages.map(({ uuid }) => uuid)
  expect([left.includes(other), left.includes(made.storages[0]!)]).toEqual([true, false])
  await api('DELETE', `/storage/${other}`)
})

test('of two machines of one label one goes, whose disks are alike', async () => {
  const provider = open()
  const of = label()
  const request = requestOf(of)
  const made = await provider.create(request, signal)
  const image = { id: await templateOf(debian), title: debian, size: 10, template: 'cloud-init' as const }
  const twin = machineOf(at(await api('POST', '/server', serverBody(request, serverOptions(request), image)), 'server'))!
  await gone(provider, { ...twin, storages: [...made.storages, ...twin.storages] })
  const left = simulator.state().storages.map(({ uuid }) => uuid)
  expect([left.includes(made.storages[0]!), left.includes(twin.storages[0]!)]).toEqual([true, false])
  await gone(provider, made)
})

const quotas: [fault: 'noCapacity' | 'creatingLimit', failureClass: string][] = [['noCapacity', 'elsewhere'], ['creatingLimit', 'backoff']]
test.each(quotas)('%s asks for %s', async (kind, failureClass) => {
  simulator.addFault({ kind, match: { method: 'POST' } })
  await expect(open().create(requestOf(label()), signal)).rejects.toMatchObject({ failureClass, mayHaveHappened: false })
})

const bills: [name: string, hostconfig: { [name: string]: Json }][] = [
  ['a plan with its disk', {}],
  ['a larger disk', { osDiskSize: 60 }],
  ['a disk of another tier', { storageTier: 'standard' }],
  ['a custom size', { plan: 'custom', coreNumber: 2, memoryAmount: 4096 }],
  ['a plan without a disk', { plan: 'CLOUDNATIVE-1xCPU-4GB', zone: 'fi-hel1' }],
  ['no public address', { plan: 'custom', publicNetwork: false }],
]
test.each(bills)('the price is what the bill says: %s', async (_name, hostconfig) => {
  const provider = open()
  const request = requestOf(label(), hostconfig)
  const price = await provider.price?.(request, signal)
  const made = await provider.create(request, signal)
  const bill = simulator.bill().machines.find(({ uuid }) => uuid === made.id)
  await gone(provider, made)
  expect(price).toMatchObject({ currency: 'EUR', period: 3600 })
  expect(bill?.amount).toBeGreaterThan(0)
  expect(price?.perHour).toBeCloseTo(bill?.amount ?? 0, 6)
})

test('a price is told for options as the ledger keeps them', async () => {
  expect(await open().price?.({ options: { image: debian, hostconfig: { userData: { $parts: ['#!/bin/sh'] } } }, zone: null, plan: '1xCPU-1GB' }, signal)).toMatchObject({ currency: 'EUR' })
})

const findings: [name: string, account: { [name: string]: Json }, hostconfig: { [name: string]: Json }, image: string, expected: [severity: string, option: string, message: RegExp][]][] = [
  ['a sub-account, and all is there', { apiToken: 'ucat_SUB' }, {}, debian, []],
  ['the main account', { apiToken: token }, {}, debian, [['warning', 'apiToken', /main account/]]],
  ['a wrong token', { apiToken: 'ucat_WRONG' }, {}, debian, [['error', 'apiToken', /401/]]],
  ['no credits', { apiUsername: 'poor', apiPassword: 'pw' }, {}, debian, [['error', 'apiToken', /no credits/], ['warning', 'apiToken', /main account/]]],
  ['no such zone', { apiToken: 'ucat_SUB' }, { zone: 'de-fra9' }, debian, [['error', 'zone', /there are .*de-fra1/]]],
  ['no such plan', { apiToken: 'ucat_SUB' }, { plan: '1xCPU-3GB' }, debian, [['error', 'plan', /there are .*1xCPU-2GB/]]],
  ['no such size', { apiToken: 'ucat_SUB' }, { plan: 'custom', coreNumber: 1, memoryAmount: 999 }, debian, [['error', 'memoryAmount', /999 MiB is no size/], ['warning', 'memoryAmount', /1024/]]],
  ['no such image', { apiToken: 'ucat_SUB' }, {}, 'Debian GNU/Linux 12', [['error', 'image', /there are .*'Debian GNU\/Linux 12 \(Bookworm\)'/]]],
  ['a disk smaller than the image', { apiToken: 'ucat_SUB' }, { osDiskSize: 5 }, debian, [['error', 'osDiskSize', /smaller than the image/], ['warning', 'osDiskSize', /at least 10/]]],
  ['several keys on an image that takes one', { apiToken: 'ucat_SUB' }, { sshKeys: ['ssh-rsa AAAA a', 'ssh-ed25519 AAAA b'] }, 'Debian GNU/Linux 11 (Bullseye)', [['warning', 'sshKeys', /one SSH key/], ['warning', 'sshKeys', /RSA/]]],
  ['no such network', { apiToken: 'ucat_SUB' }, { networks: ['03000000-0000-4000-8000-00000000dead'] }, debian, [['error', 'networks', /no network/]]],
  ['no such server group', { apiToken: 'ucat_SUB' }, { serverGroup: '0b000000-0000-4000-8000-000000000001' }, debian, [['error', 'serverGroup', /no server group/]]],
]
test.each(findings)('what is found online: %s', async (_name, account, hostconfig, image, expected) => {
  const found = await open(account).check?.(requestOf(label(), hostconfig, image), signal)
  expect(found?.map(({ severity, option, message }) => [severity, option, message])).toEqual(expected.map(([severity, option, message]) => [severity, option, expect.stringMatching(message)]))
})

test('an image may be named by its UUID', async () => {
  const provider = open()
  const made = await provider.create(requestOf(label(), {}, await templateOf(debian)), signal)
  await gone(provider, made)
  await expect(provider.create(requestOf(label(), {}, '01000000-0000-4000-8000-00ffffffffff'), signal)).rejects.toMatchObject({ failureClass: 'configuration', mayHaveHappened: false })
})

test('of two workers whose names have no room in a title each keeps its own disk', async () => {
  const provider = open()
  const pool = 'builds-of-the-whole-monorepo-on-large-machines-in-frankfurt'
  const attempt = ++attempts
  const [one, other] = [{ installation, worker: `${pool}-1`, attempt }, { installation, worker: `${pool}-2`, attempt }]
  const made = [await provider.create(requestOf(one), signal), await provider.create(requestOf(other), signal)]
  const { machines } = await provider.list(installation, signal)
  expect(machines.map(({ storages }) => storages.length)).toEqual([1, 1])
  await gone(provider, machines.find(({ id }) => id === made[0]!.id)!)
  expect(await stateOf(provider, made[1]!.id)).toMatch(/maintenance|started/)
  await gone(provider, made[1]!)
})
