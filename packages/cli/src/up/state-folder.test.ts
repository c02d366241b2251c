import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { identityOf, type ProcessIdentity } from '../local/index.js'
import { StateFolder } from './state-folder.js'

let home: string
const children: ChildProcess[] = []
beforeEach(() => { home = mkdtempSync(join(tmpdir(), 'yardmaster-state-')) })
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

function bystander(): ProcessIdentity {
  const child = spawn('sleep', ['600'], { detached: true })
  children.push(child)
  const identity = identityOf(child.pid ?? 0)
  if (identity === null) throw new Error('sleep did not start')
  return identity
}

test('a folder that nobody can make is told, not tried for ever', () => {
  expect(() => StateFolder.take('/proc/yardmaster/state')).toThrow('the state folder /proc/yardmaster/state cannot be written (ENOENT)')
  StateFolder.take(join(home, 'a b', 'ü')).release()
})

test('a second start on the same folder is told who holds it', () => {
  const holder = bystander()
  writeFileSync(join(home, 'lock'), JSON.stringify(holder))
  expect(() => StateFolder.take(home)).toThrow(`Yardmaster is already running on ${home} (process ${holder.pid})`)
  expect(JSON.parse(readFileSync(join(home, 'lock'), 'utf8'))).toEqual(holder)
})

test.each([
  ['a process that is gone', () => JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1' })],
  ['a process whose pid another one has now', () => JSON.stringify({ ...bystander(), startedAt: '1' })],
  ['a write that was cut off', () => '{"pid":'],
])('the lock of %s is taken over', (_case, content) => {
  writeFileSync(join(home, 'lock'), content())
  const state = StateFolder.take(home)
  expect(JSON.parse(readFileSync(join(home, 'lock'), 'utf8'))).toEqual(identityOf(process.pid))
  state.release()
  expect(existsSync(join(home, 'lock'))).toBe(false)
})

test('what a killed yard up left is found and stopped, and nothing else', async () => {
  const ours = bystander()
  const [child] = children
  const stranger = bystander()
  const first = StateFolder.take(home)
  first.recordChild({ name: 'NATS', stopSignal: 'SIGTERM', ...ours })
  first.recordChild({ name: 'engine', stopSignal: 'SIGTERM', pid: stranger.pid, startedAt: '1' })
  rmSync(join(home, 'lock'))
  const second = StateFolder.take(home)
  expect(second.leftovers().map(({ name }) => name)).toEqual(['NATS'])
  const ended = child ? once(child, 'exit') : Promise.reject(new Error('no child'))
  await second.stopLeftovers(systemClock())
  expect((await ended)[1]).toBe('SIGTERM')
  expect(identityOf(stranger.pid)).toEqual(stranger)
})

test('a folder that cannot be made is one sentence', () => {
  writeFileSync(join(home, 'file'), '')
  expect(() => StateFolder.take(join(home, 'file/state'))).toThrow(/the state folder .*file\/state cannot be written \(ENOTDIR\): choose another with --home or YARD_HOME/)
})
