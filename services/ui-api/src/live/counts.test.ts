import { createLogger, manualClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { settles } from '../../../../test/kit/until.js'
import { Counts } from './counts.js'
import type { Listener } from './listener.js'

const clock = manualClock()
let counts: Counts
let running: number
let fails: boolean
let reads: number
beforeEach(() => {
  [running, fails, reads] = [1, false, 0]
  counts = new Counts({ clock, logger: createLogger({ name: 'test', level: 'silent' }), read() {
    reads += 1
    return fails ? Promise.reject(new Error('away')) : Promise.resolve({ running })
  } })
})
afterEach(() => counts.close())

type Heard = Listener & { heard: string[] }
function listener(): Heard {
  const heard: string[] = []
  return { heard, joined() {}, send: ({ path, state, place }) => heard.push(`${path} ${state} ${place}`), flush() {}, missed() {}, end() {} }
}
const told = (n: number) => `counts/builds/update {"running":${n}} null`
const change = (n: number) => {
  running = n
  counts.take({ incarnation: '7', sequence: 1, envelopes: [{ v: 1, type: 'build.new', id: 1, version: 1, project: null, at: 0 }] })
}

it('counts once for all, at most once a second, and only when something may have changed while somebody listens', async () => {
  change(2)
  expect(reads).toBe(0)
  const [one, two] = [listener(), listener()]
  for (const who of [one, two]) counts.add(who)
  await settles(() => expect([one.heard, two.heard]).toEqual([[told(2)], [told(2)]]))
  for (const n of [3, 4, 5]) change(n)
  const late = listener()
  counts.add(late)
  expect(reads).toBe(1)
  await clock.advance(1_000)
  await settles(() => expect([one.heard, late.heard]).toEqual([[told(2), told(5)], [told(5)]]))
  expect(reads).toBe(2)
  await clock.advance(10_000)
  counts.take({ incarnation: '7', sequence: 2, envelopes: [{ v: 1, type: 'step.new', id: 1, version: 1, project: null, at: 0 }] })
  await clock.advance(10_000)
  expect(reads).toBe(2)
})

it('who begins to listen is told at once, without counting again, and what is the same is not told twice', async () => {
  const one = listener()
  counts.add(one)
  await settles(() => expect(one.heard).toEqual([told(1)]))
  await clock.advance(1_000)
  const two = listener()
  counts.add(two)
  expect(two.heard).toEqual([told(1)])
  counts.doubt()
  await settles(() => expect(reads).toBe(2))
  await clock.advance(1_000)
  counts.remove(two)
  change(6)
  await settles(() => expect(one.heard).toEqual([told(1), told(6)]))
  expect(two.heard).toEqual([told(1)])
})

it('counts again when it could not be done', async () => {
  fails = true
  const one = listener()
  counts.add(one)
  await settles(() => expect(reads).toBe(1))
  fails = false
  await settles(async () => {
    await clock.advance(1_000)
    expect(one.heard).toEqual([told(1)])
  })
})
