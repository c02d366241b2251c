import { getEventListeners } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { holdsWithin, isAlive, type ProcessIdentity } from '../local/index.js'
import { Keeper } from './keeper.js'
import { startRole } from './role.js'

const clock = systemClock()
const folder = mkdtempSync(join(tmpdir(), 'yardmaster-keeper-'))
const file = join(folder, 'role.mjs')
const keepers: Keeper[] = []

beforeAll(() => writeFileSync(file, `
  const [mode] = process.argv.slice(2)
  if (mode === 'broken') { console.log('no database'); process.exit(1) }
  process.on('SIGTERM', () => mode === 'stubborn' ? undefined : process.exit(0))
  process.on('SIGUSR2', () => process.exit(75))
  console.log('hello'); console.error('trouble')
  if (mode !== 'silent') process.send({ type: 'ready', name: 'role' })
  process.on('disconnect', () => process.exit(0))
  setInterval(() => undefined, 1000)
`))
afterEach(async () => { await Promise.all(keepers.splice(0).map(keeper => { keeper.kill(); return keeper.stop() })) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function keep(mode: string, signal = new AbortController().signal) {
  const told: string[] = []
  const lines: string[] = []
  const spawned: ProcessIdentity[] = []
  const start = () => startRole({ name: 'role', file, args: [mode], env: process.env, clock, signal, spawned: identity => spawned.push(identity), line: text => lines.push(text) })
  const keeper = new Keeper({ name: 'role', start, clock, tell: text => told.push(text) })
  keepers.push(keeper)
  return { keeper, told, lines, spawned }
}

function pidOf(spawned: ProcessIdentity[], index: number): ProcessIdentity {
  const identity = spawned[index]
  if (identity === undefined) throw new Error(`there was no start ${index}`)
  return identity
}

test('a role is started when it says so, its output is heard, and it stops in order', async () => {
  const { keeper, lines, spawned, told } = keep('normal')
  await keeper.start()
  expect(await holdsWithin(clock, 5_000, () => lines.length === 2)).toBe(true)
  expect(lines.sort()).toEqual(['hello', 'trouble'])
  await keeper.stop()
  expect(isAlive(pidOf(spawned, 0))).toBe(false)
  expect(told).toEqual([])
})

test('what crashes is started again, after a pause that grows', async () => {
  const { keeper, spawned, told } = keep('normal')
  await keeper.start()
  for (const count of [1, 2]) {
    process.kill(pidOf(spawned, count - 1).pid, 'SIGKILL')
    expect(await holdsWithin(clock, 10_000, () => told.length === count * 2)).toBe(true)
  }
  expect(told).toEqual([
    'role ended (killed by SIGKILL); starting it again in 0.2 s', 'role is running again',
    'role ended (killed by SIGKILL); starting it again in 0.4 s', 'role is running again',
  ])
})

test('a start that is over listens to nothing any more', async () => {
  const stop = new AbortController()
  await keep('normal', stop.signal).keeper.start()
  await expect(keep('broken', stop.signal).keeper.start()).rejects.toThrow('could not start')
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
})

test('exit code 75 is started again at once', async () => {
  const { keeper, spawned, told } = keep('normal')
  await keeper.start()
  process.kill(pidOf(spawned, 0).pid, 'SIGUSR2')
  expect(await holdsWithin(clock, 10_000, () => told.length === 2)).toBe(true)
  expect(told).toEqual(['role ended (exit code 75); starting it again', 'role is running again'])
})

test('a start that fails is told, with nothing left', async () => {
  const { keeper, spawned, lines } = keep('broken')
  await expect(keeper.start()).rejects.toThrow('role could not start (exit code 1); its output above says why')
  expect(isAlive(pidOf(spawned, 0))).toBe(false)
  expect(lines).toEqual(['no database'])
})

test('a stop during the start leaves no process', async () => {
  const stop = new AbortController()
  const { keeper, spawned, lines } = keep('silent', stop.signal)
  const started = keeper.start()
  expect(await holdsWithin(clock, 5_000, () => lines.includes('hello'))).toBe(true)
  stop.abort()
  await expect(started).rejects.toThrow('stopped')
  expect(isAlive(pidOf(spawned, 0))).toBe(false)
})

test('what does not stop can be killed', async () => {
  const { keeper, spawned } = keep('stubborn')
  await keeper.start()
  keeper.kill()
  await keeper.stop()
  expect(isAlive(pidOf(spawned, 0))).toBe(false)
})
