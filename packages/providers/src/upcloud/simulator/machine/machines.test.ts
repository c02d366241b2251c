import { existsSync, mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { at, debian11, simulatedCloud, type SimulatedCloud } from '../../../testing/simulator-client.js'
import type { SimulatorOptions } from '../index.js'
import { cloudConfigScript } from './cloud-config.js'
import { findSandbox } from './sandbox.js'
import { readUserData } from './user-data.js'

let clouds: SimulatedCloud[] = []
afterEach(async () => {
  await Promise.all(clouds.map(({ simulator }) => simulator.close()))
  clouds = []
})

/** Servers start and stop at once. */
async function cloud(options: Partial<SimulatorOptions> = {}): Promise<SimulatedCloud> {
  const one = await simulatedCloud({ boot: true, timeScale: 0, ...options })
  clouds.push(one)
  return one
}

const canIsolate = findSandbox(mkdtempSync(join(tmpdir(), 'upcloud-simulator-probe-'))).isolated
const patience = { interval: 20 }

const prints = (one: SimulatedCloud, uuid: string, text: string) => expect.poll(() => one.simulator.output(uuid), patience).toContain(text)
const becomes = (one: SimulatedCloud, uuid: string, state: string) => expect.poll(async () => (await one.server(uuid))['state'], patience).toBe(state)
const processes = (one: SimulatedCloud, uuid: string) => one.simulator.state().servers.find(server => server.uuid === uuid)?.processes

describe('what user_data is', () => {
  test.each([
    ['', { kind: 'none' }],
    ['#!/bin/sh\necho', { kind: 'script', script: '#!/bin/sh\necho' }],
    ['https://example.com/setup.sh\n', { kind: 'url', url: 'https://example.com/setup.sh' }],
    ['echo forgotten', { kind: 'ignored', reason: expect.stringContaining('#!') }],
    ['#cloud-config\nruncmd: 3', { kind: 'ignored', reason: expect.stringContaining('#cloud-config') }],
  ])('%j', (userData, meaning) => {
    expect(readUserData(userData)).toEqual(meaning)
  })

  test('cloud-init\'s document becomes a script, in cloud-init\'s order', () => {
    const script = cloudConfigScript('#cloud-config\nruncmd:\n  - [sh, -c, "echo it\'s"]\n  - echo two\npackages: [git]\nwrite_files:\n  - path: /etc/one\n    content: |\n      a\n      b\n    permissions: "0600"\nusers: [default]\n')
    expect(script.split('\n')).toEqual([
      '#!/bin/sh', 'mkdir -p "$(dirname \'/etc/one\')"', 'printf %s \'YQpiCg==\' | base64 -d >\'/etc/one\'', 'chmod \'0600\' \'/etc/one\'', 'apt-get install -y \'git\'', String.raw`'sh' '-c' 'echo it'\''s'`, 'echo two', '',
    ])
  })
})

test.each([true, false])('a machine runs its user_data under its own name and ends whole (with files of its own: %s)', async isolate => {
  const one = await cloud({ isolate })
  const { isolated } = one.simulator.state()
  expect(isolated).toBe(isolate && canIsolate)
  const uuid = await one.create({
    hostname: 'w1.example.com',
    user_data: `#!/bin/sh\nhostname\n${isolated ? 'echo private >/etc/yardmaster-simulator-test' : ''}\napt-get update && apt-get install -y git no-such-package\nuseradd -m buildbot\nsudo -u buildbot sh -c "echo as \\$0"\nsetsid sh -c "sleep 1000 & sleep 1000" >/dev/null 2>&1 &\nsleep 0.1\necho ready\n`,
  })
  await prints(one, uuid, 'ready')
  expect(one.simulator.output(uuid)).toMatch(/^\(simulator\) w1\.example\.com boots Debian GNU\/Linux 12 \(Bookworm\)\nw1\.example\.com\n/)
  expect(one.simulator.output(uuid)).toContain('no-such-package is not on this host')
  expect(existsSync('/etc/yardmaster-simulator-test')).toBe(false)
  expect(processes(one, uuid)).toBeGreaterThanOrEqual(3)
  const http = await fetch(`${one.simulator.url}/simulator/servers/${uuid}/output`)
  expect(await http.text()).toContain('ready')
  await one.call('POST', `/server/${uuid}/stop`, { stop_server: { stop_type: 'hard' } })
  await becomes(one, uuid, 'stopped')
  await expect.poll(() => processes(one, uuid), patience).toBe(0)
})

test.runIf(canIsolate)('user_data runs at the first boot; what it enabled is started at each', async () => {
  const one = await cloud()
  const unit = ['[Service]', 'ExecStart=/bin/sh -c "echo serving %i; exec sleep 1000"', 'Environment=A=1'].join('\\n')
  const uuid = await one.create({ user_data: `#!/bin/sh\necho first\nmkdir -p /etc/systemd/system\nprintf '${unit.replace('%i', '%%i')}\\n' >/etc/systemd/system/test-serving@.service\nsystemctl daemon-reload\nsystemctl enable --now test-serving@one\n` })
  await prints(one, uuid, 'serving one')
  await one.call('POST', `/server/${uuid}/stop`, { stop_server: { stop_type: 'soft', timeout: '60' } })
  await becomes(one, uuid, 'stopped')
  await one.call('POST', `/server/${uuid}/start`, { server: {} })
  await expect.poll(() => one.simulator.output(uuid).split('serving one').length, patience).toBe(3)
  expect(one.simulator.output(uuid).split('first\n')).toHaveLength(2)
})

test('#cloud-config, a URL, a native image, and what is no script', async () => {
  const server = createServer((_request, response) => response.end('#!/bin/sh\necho fetched\n'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    const one = await cloud()
    const scripts: [string, string][] = [
      ['#cloud-config\nruncmd:\n  - echo configured\n', 'configured'],
      [`http://127.0.0.1:${(server.address() as AddressInfo).port}/setup.sh`, 'fetched'],
      ['echo forgotten', 'user_data is ignored: it begins neither with #! nor'],
    ]
    for (const [userData, printed] of scripts) await prints(one, await one.create({ user_data: userData }), printed)
    const native = await one.create({ metadata: 'no', user_data: '#!/bin/sh\necho native\n', storage_devices: { storage_device: [{ action: 'clone', storage: debian11, title: 'disk', size: 10 }] } })
    await prints(one, native, 'native')
    const empty = await one.create({ user_data: '#!/bin/sh\necho never\n', storage_devices: { storage_device: [{ action: 'create', title: 'disk', size: 10, tier: 'maxiops' }] } })
    await becomes(one, empty, 'started')
    expect(one.simulator.output(empty)).toBe('')
  } finally {
    server.close()
  }
})

test('a machine that switches itself off is found stopped, and is paid for; one that reboots goes on', async () => {
  const one = await cloud()
  const off = await one.create({ user_data: '#!/bin/sh\necho bye\nshutdown -h now\n' })
  await becomes(one, off, 'stopped')
  expect(one.simulator.bill().machines).toMatchObject([{ uuid: off, over: false }])
  const again = await one.create({ user_data: '#!/bin/sh\necho once\nreboot\n' })
  await expect.poll(() => one.simulator.output(again).split('boots').length, patience).toBe(3)
  await expect.poll(() => processes(one, again), patience).toBeGreaterThanOrEqual(1)
  expect((await one.server(again))['state']).toBe('started')
})

test('a fault keeps a system from booting: the server is started, and nothing runs', async () => {
  const one = await cloud({ faults: [{ kind: 'noBoot', match: { path: '^/server$' } }] })
  const uuid = await one.create({ user_data: '#!/bin/sh\necho never\n' })
  await becomes(one, uuid, 'started')
  expect([one.simulator.output(uuid), processes(one, uuid)]).toEqual(['', 0])
})

test('the cloud is kept over restarts, and its machines boot again', async () => {
  const home = mkdtempSync(join(tmpdir(), 'upcloud-simulator-kept-'))
  const options = { home, stateFile: join(home, 'state.json') }
  const before = await cloud(options)
  const uuid = await before.create({ title: 'kept', user_data: '#!/bin/sh\necho up\n', labels: { label: [{ key: 'worker', value: 'w1' }] } })
  await prints(before, uuid, 'up')
  const bill = before.simulator.bill()
  await before.simulator.close()
  clouds = []
  const after = await cloud(options)
  await prints(after, uuid, 'up')
  expect(after.simulator.bill()).toMatchObject({ total: bill.total, machines: bill.machines })
  expect(at((await after.call('GET', '/server?label=worker%3Dw1')).body, 'servers.server.0.title')).toBe('kept')
})
