import { expect, test } from 'vitest'
import { SlotMatching, type Taker, type Waiting } from './slot-matching.js'

const builder = (key: string, workers: string[], units = 1) => ({ key, workers, workerLabels: null, units })
const waiting = (id: number, key: string, workers: string[], machines: [number, string | null][] = []): Waiting => ({ id, builder: builder(key, workers), machines: new Map(machines), refused: new Set(), workerLocks: [] })
const taker = (name: string, more: Partial<Taker> = {}, view: Partial<Taker['view']> = {}): Taker => ({
  id: 1, locks: [], view: { name, labels: {}, maxBuilds: 1, capacity: null, unavailable: null, building: [], ...view }, pool: 1, open: false, fingerprint: null, tailored: false, usesLeft: null, ...more })

function run(takers: Taker[], requests: Waiting[]) {
  const matching = new SlotMatching(takers)
  const placed = new Set<number>()
  for (const open of [false, true]) for (const request of requests) if (!placed.has(request.id) && matching.place(request, open)) placed.add(request.id)
  return { placed: [...placed].sort((a, b) => a - b), on: Object.fromEntries(takers.map(one => [one.view.name, matching.given(one).map(({ id }) => id)])) }
}

test('what there is comes before what has to be started, and workers that connect by themselves before machines', () => {
  const takers = [taker('up'), taker('own', { pool: null }), taker('new', { open: true })]
  expect(run(takers, [1, 2, 3, 4].map(id => waiting(id, `b${id}`, ['up', 'new', 'own']))).on).toEqual({ own: [1], up: [2], new: [3] })
})

test('one gives way to another that can be nowhere else', () => {
  expect(run([taker('a'), taker('b')], [waiting(1, 'x', ['a', 'b']), waiting(2, 'y', ['a'])]).on).toEqual({ a: [2], b: [1] })
  // Over three.
  expect(run([taker('a'), taker('b'), taker('c')], [waiting(1, 'x', ['a', 'b']), waiting(2, 'y', ['b', 'c']), waiting(3, 'z', ['a']), waiting(4, 'u', ['b'])]).placed).toEqual([1, 2, 3])
})

test('a worker takes one build of a builder, so many in all, and no more than fit its capacity and its uses', () => {
  const many = (keys: string[], units = 1) => keys.map((key, index): Waiting => ({ id: index + 1, builder: builder(key, ['w'], units), machines: new Map(), refused: new Set(), workerLocks: [] }))
  expect(run([taker('w', {}, { maxBuilds: null })], many(['x', 'x', 'y'])).placed).toEqual([1, 3])
  expect(run([taker('w', {}, { maxBuilds: 2 })], many(['x', 'y', 'z'])).placed).toEqual([1, 2])
  expect(run([taker('w', {}, { maxBuilds: null, capacity: 4, building: [{ builder: 'u', units: 1 }] })], many(['x', 'y'], 2)).placed).toEqual([1])
  expect(run([taker('w', { usesLeft: 1 }, { maxBuilds: null })], many(['x', 'y'])).placed).toEqual([1])
})

test('a machine that was made for some builds takes no others, and one is made for builds that are alike', () => {
  const alike = (id: number, fingerprint: string | null) => waiting(id, `b${id}`, ['m', 'new'], [[1, fingerprint]])
  expect(run([taker('m', { fingerprint: 'arm' })], [alike(1, 'x86'), alike(2, 'arm'), waiting(3, 'b3', ['m'])]).placed).toEqual([2])
  expect(run([taker('new', { open: true, tailored: true }, { maxBuilds: null })], [alike(1, null), alike(2, 'arm'), alike(3, 'x86'), alike(4, 'arm')]).placed).toEqual([2, 4])
})

test('builds that share a lock of their worker are together on one as far as the lock lets them, beside those that build', () => {
  const locking = (id: number, mode: 'counting' | 'exclusive', count = 1): Waiting => ({ ...waiting(id, `b${id}`, ['one', 'two']), workerLocks: [{ name: 'cpu', scope: 'worker', maxCount: 2, maxCountForWorker: { two: 3 }, mode, count }] })
  const takers = (more: Partial<Taker> = {}) => [taker('one', more, { maxBuilds: null }), taker('two', { id: 2 }, { maxBuilds: null })]
  expect(run(takers(), [1, 2, 3].map(id => locking(id, 'exclusive'))).on).toEqual({ one: [1], two: [2] })
  expect(run(takers(), [1, 2, 3, 4, 5, 6].map(id => locking(id, 'counting'))).on).toEqual({ one: [1, 2], two: [3, 4, 5] })
  const held = { locks: [{ id: 1, key: 'worker:1:cpu', mode: 'counting' as const, count: 1, build: 7, step: null, held: true }] }
  expect(run(takers(held), [1, 2, 3].map(id => locking(id, 'counting', 2))).on).toEqual({ one: [], two: [1] })
})

test('as many as a large installation has are matched in a moment, also when most find no place', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `t${index}`)
  const requests = Array.from({ length: 5000 }, (_, id) => waiting(id, `b${id % 250}`, names))
  const before = process.cpuUsage()
  expect(run(names.map(name => taker(name, { open: true })), requests).placed).toHaveLength(1000)
  // Of this process alone, however many others there are: the bound is many times what it takes.
  expect(process.cpuUsage(before).user).toBeLessThan(10_000_000)
})

test('in many small worlds as many as can be are placed, with as few new machines as can be', () => {
  const random = seeded(4711)
  for (let round = 0; round < 1500; round++) {
    const names = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) => `t${index}`)
    const takers = names.map(name => taker(name, { open: random() < 0.5 }))
    const requests = Array.from({ length: 1 + Math.floor(random() * 5) }, (_, id) => waiting(id, `b${id}`, names.filter(() => random() < 0.5)))
    const { placed, on } = run(takers, requests)
    const best = exhaustive(takers, requests)
    expect({ round, placed: placed.length, started: takers.filter(one => one.open && on[one.view.name]!.length > 0).length }).toEqual({ round, ...best })
    for (const given of Object.values(on)) expect(given.length).toBeLessThanOrEqual(1)
  }
})

/** The most that can be placed, one on each, and the fewest new machines for so many. */
function exhaustive(takers: Taker[], requests: Waiting[], at = 0, used: ReadonlySet<Taker> = new Set()): { placed: number; started: number } {
  if (at === requests.length) return { placed: used.size, started: [...used].filter(({ open }) => open).length }
  const choices = [used, ...takers.filter(one => !used.has(one) && requests[at]!.builder.workers.includes(one.view.name)).map(one => new Set([...used, one]))]
  return choices.map(choice => exhaustive(takers, requests, at + 1, choice)).reduce((a, b) => (b.placed > a.placed || (b.placed === a.placed && b.started < a.started) ? b : a))
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
