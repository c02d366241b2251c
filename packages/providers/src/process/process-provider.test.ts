import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MachineLabel, MachineRequest } from '@yardmaster/domain'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { processes } from '@yardmaster/runtime/processes'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { processProvider } from './process-provider.js'
import { MARK, markOf } from './worker-process.js'

const installation = '3f2b8c1e-0000-4000-8000-000000000001'
const label = (worker: string, attempt = 1): MachineLabel => ({ installation, worker, attempt })
const request = (of: MachineLabel, env: { [name: string]: string | null } = {}): MachineRequest => ({
  label: of, name: `yard-${of.attempt}`, options: { env }, zone: null, plan: null,
  worker: { name: of.worker, password: 'one-time', engines: ['ws://127.0.0.1:9'] },
})
const clock = systemClock()
const KILLS = 10
const STARTER = 'YARD_TEST_STARTER'
const signal = new AbortController().signal

let home: string
const open = () => processProvider({ folder: null }, { clock, random: systemRandom(), home })
const pidsOf = (of: MachineLabel) => [...processes.marks(MARK, processes.list().filter(({ zombie }) => !zombie))].filter(([, value]) => value === markOf(of).value).map(([pid]) => pid)

beforeEach(async () => { home = await mkdtemp(join(tmpdir(), 'yard-machines-')) })
afterEach(async () => {
  const { machines } = await open().list(installation, signal)
  for (const machine of machines) await open().remove(machine, signal)
  rmSync(home, { recursive: true, force: true })
})

test('a machine is a process with what a worker needs in its environment, and nothing of ours', async () => {
  process.env['YARD_SECRET_X'] = 'ours'
  process.env['AWS_SECRET_ACCESS_KEY'] = 'ours'
  const machine = await open().create(request(label('ü/1'), { EXTRA: 'said', PATH: process.env['PATH'] ?? '', NOT: null }), signal)
  delete process.env['YARD_SECRET_X']
  delete process.env['AWS_SECRET_ACCESS_KEY']
  expect(machine).toMatchObject({ label: label('ü/1'), state: 'running' })
  const [pid] = pidsOf(label('ü/1'))
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  expect(environment).toEqual(expect.arrayContaining(['YARD_ENGINE=ws://127.0.0.1:9', 'YARD_WORKER_NAME=ü/1', 'YARD_WORKER_PASSWORD=one-time', 'EXTRA=said']))
  expect(environment.filter(entry => entry.includes('ours') || entry.startsWith('NOT'))).toEqual([])
  await until('it has made its base directory', () => existsSync(join(home, 'machines', machine.id, 'worker')))
  expect(readFileSync(join(home, 'machines', `${machine.id}.json`), 'utf8')).not.toContain('one-time')
})

test('whoever comes later finds it, and takes it away with all that it started', async () => {
  const { id } = await open().create(request(label('w')), signal)
  const [pid = 0] = pidsOf(label('w'))
  // As a build's command that has left its session and its parent.
  spawnSync('/bin/sh', ['-c', '(setsid sleep 300 >/dev/null 2>&1 &)'], { env: { PATH: process.env['PATH'], [MARK]: markOf(label('w')).value } })
  await until('it runs', () => pidsOf(label('w')).length === 2)
  const later = open()
  expect((await later.list(installation, signal)).machines).toMatchObject([{ id, state: 'running' }])
  expect((await later.list('another', signal)).machines).toEqual([])
  process.kill(pid, 'SIGKILL')
  await until('its end is seen', async () => (await later.get(id, signal))?.state === 'stopped')
  expect(await later.remove({ id, label: label('w'), storages: [] }, signal)).toBe('gone')
  expect(pidsOf(label('w'))).toEqual([])
  expect(readdirSync(join(home, 'machines'))).toEqual([])
  expect(await later.get(id, signal)).toBeNull()
  expect(await later.remove({ id, label: label('w'), storages: [] }, signal)).toBe('gone')
})

test('made twice at once it is one', async () => {
  const machines = await Promise.all([open(), open(), open()].map(provider => provider.create(request(label('w')), signal)))
  expect(new Set(machines.map(({ id }) => id)).size).toBe(1)
  await until('one runs', async () => (await open().get(machines[0]!.id, signal))?.state === 'running')
  expect(pidsOf(label('w'))).toHaveLength(1)
})

test('a starter that died leaves a machine that is known, and can be removed', async () => {
  const { id } = await open().create(request(label('w')), signal)
  await open().remove({ id, label: label('w'), storages: [] }, signal)
  const file = { version: 1, label: label('w'), createdAt: 1, starter: { pid: 1, startTicks: 'none', boot: 'none' }, process: null }
  mkdirSync(join(home, 'machines'), { recursive: true })
  writeFileSync(join(home, 'machines', `${id}.json`), JSON.stringify(file))
  expect((await open().list(installation, signal)).machines).toMatchObject([{ id, state: 'stopped', createdAt: 1 }])
  // It had come as far as the process.
  spawnSync('/bin/sh', ['-c', '(setsid sleep 300 >/dev/null 2>&1 &)'], { env: { PATH: process.env['PATH'], [MARK]: markOf(label('w')).value } })
  await until('it is seen', async () => (await open().get(id, signal))?.state === 'running')
  expect(await open().remove({ id, label: label('w'), storages: [] }, signal)).toBe('gone')
  expect(pidsOf(label('w'))).toEqual([])
})

test('another process with its pid is never killed, nor a machine of another label', async () => {
  const { id } = await open().create(request(label('w')), signal)
  const path = join(home, 'machines', `${id}.json`)
  await expect(open().remove({ id, label: label('other'), storages: [] }, signal)).rejects.toThrow('not that of worker other')
  await open().remove({ id, label: label('w'), storages: [] }, signal)
  writeFileSync(path, JSON.stringify({ version: 1, label: label('w'), createdAt: 1, starter: null, process: { pid: process.pid, startTicks: '1', boot: 'another' } }))
  expect(await open().get(id, signal)).toMatchObject({ state: 'stopped' })
  expect(await open().remove({ id, label: label('w'), storages: [] }, signal)).toBe('gone')
})

test('what is removed while it is being started does not come afterwards', async () => {
  for (let attempt = 1; attempt <= 10; attempt++) {
    const asked = request(label('w', attempt))
    // It may fail before anybody waits for it.
    const made = open().create(asked, signal).catch(() => null)
    const known = () => (existsSync(join(home, 'machines')) ? readdirSync(join(home, 'machines')).find(name => name.endsWith('.json')) : undefined)
    while (known() === undefined) await new Promise(resolve => setImmediate(resolve))
    const machine = { id: known()!.slice(0, -'.json'.length), label: asked.label, storages: [] }
    await until('it is gone', async () => await open().remove(machine, signal) === 'gone')
    await made
    expect({ pids: pidsOf(asked.label), files: readdirSync(join(home, 'machines')) }).toEqual({ pids: [], files: [] })
  }
})

test('whenever its starter is killed, the next one finds what there is and can end it', async () => {
  const script = `
    import { processProvider } from ${JSON.stringify(join(import.meta.dirname, '../../dist/process/process-provider.js'))}
    import { systemClock, systemRandom } from '@yardmaster/runtime'
    const provider = processProvider({ folder: null }, { clock: systemClock(), random: systemRandom(), home: ${JSON.stringify(home)} })
    process.send('ready')
    process.on('message', request => provider.create(request, new AbortController().signal).then(() => process.send('made')))`
  const seen = new Set<string>()
  for (let attempt = 1; attempt <= KILLS; attempt++) {
    const starter = fork('-', { execPath: process.execPath, execArgv: ['--input-type=module', '--eval', script], cwd: import.meta.dirname, env: { ...process.env, [STARTER]: home }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    await once(starter, 'message')
    starter.send(request(label('w', attempt)))
    if (attempt === KILLS) await once(starter, 'message')
    else await clock.sleep((attempt - 1) ** 2)
    starter.kill('SIGKILL')
    await once(starter, 'exit')
    // A process that it forked just then has its starter's environment until it is the machine.
    await until('no process to be on its way', () => ![...processes.marks(STARTER, processes.list().filter(({ zombie }) => !zombie)).values()].includes(home))
    const { machines } = await open().list(installation, signal)
    for (const machine of machines) {
      seen.add(machine.state)
      expect(machine.label).toEqual(label('w', attempt))
      expect(await open().remove(machine, signal)).toBe('gone')
    }
    expect(pidsOf(label('w', attempt))).toEqual([])
    expect(await open().list(installation, signal)).toEqual({ machines: [], leftovers: [] })
  }
  expect(seen).toContain('running')
})

test('its log is bounded', async () => {
  const { id } = await open().create(request(label('w')), signal)
  const log = join(home, 'machines', id, 'log.txt')
  await until('it says something', () => readFileSync(log).length > 0)
  writeFileSync(log, 'x'.repeat(2_000_000), { flag: 'a' })
  await open().get(id, signal)
  expect(readFileSync(log).length).toBeLessThan(1_000_000)
  expect(readFileSync(join(home, 'machines', id, 'log.1.txt')).length).toBeGreaterThan(2_000_000)
})
