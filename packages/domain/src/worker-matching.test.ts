import { describe, expect, test } from 'vitest'
import type { MachineFacts } from './worker-availability.js'
import { canStart, mayServe, waitsForWorker, type BuilderView, type WorkerView } from './worker-matching.js'
import { WorkerSlots } from './worker-slots.js'

const view = (name: string, more: Partial<WorkerView> = {}): WorkerView => ({ name, labels: {}, maxBuilds: null, capacity: null, unavailable: null, building: [], ...more })
const builder = (key: string, more: Partial<BuilderView> = {}): BuilderView => ({ key, workers: [], workerLabels: null, units: 1, ...more })
const runs = (...keys: string[]) => keys.map(key => ({ builder: key, units: 1 }))
const [a, b, c] = [builder('a', { workers: ['w1', 'w2'] }), builder('b', { workers: ['w2'] }), builder('c', { workers: ['w3'] })]

type Row = { what: string; views: WorkerView[]; room: number[]; matches: string[] }
const rows: Row[] = [
  { what: 'nobody is there', views: [], room: [0, 0, 0], matches: [] },
  { what: 'all are free: the least busy, in the order of the builder', views: [view('w2'), view('w1')], room: [2, 1, 0], matches: ['a>w1', 'a>w2', 'b>w2'] },
  { what: 'one build at a time', views: [view('w1', { maxBuilds: 1 }), view('w2', { maxBuilds: 1 })], room: [2, 1, 0], matches: ['a>w1', 'a>w2'] },
  { what: 'one of them has a build', views: [view('w1', { building: runs('x') }), view('w2')], room: [2, 1, 0], matches: ['a>w2', 'a>w1', 'b>w2'] },
  { what: 'the folder of a builder is in use', views: [view('w1', { building: runs('a') })], room: [0, 0, 0], matches: [] },
  { what: 'unavailable', views: [view('w1', { unavailable: 'is paused' }), view('w3')], room: [0, 0, 1], matches: ['c>w3'] },
]

describe('three requests of a, one of b, one of c', () => {
  test.each(rows)('$what', ({ views, room, matches }) => {
    const slots = new WorkerSlots(views)
    expect([a, b, c].map(each => slots.room(each))).toEqual(room)
    const matched = [a, a, a, b, c].flatMap(each => {
      const [worker] = slots.ready(each)
      if (worker) slots.take(worker.name, each)
      return worker ? [`${each.key}>${worker.name}`] : []
    })
    expect(matched).toEqual(matches)
  })
})

test('what was taken and given back can be taken again; what was closed cannot', () => {
  const slots = new WorkerSlots([view('w1', { maxBuilds: 1 })])
  slots.take('w1', a)
  expect(slots.room(a)).toBe(0)
  slots.giveBack('w1', a)
  expect(slots.room(a)).toBe(1)
  slots.close('w1')
  slots.giveBack('w1', a)
  expect(slots.room(a)).toBe(0)
})

describe('a build can start on a worker', () => {
  const table: [over: Partial<WorkerView>, units: number, can: boolean][] = [
    [{}, 1, true], [{ name: 'w3' }, 1, false], [{ unavailable: 'is paused' }, 1, false],
    [{ building: runs('other') }, 1, true], [{ building: runs('b') }, 1, false], [{ maxBuilds: 1, building: runs('other') }, 1, false], [{ maxBuilds: 2, building: runs('other') }, 1, true],
    [{ capacity: 4 }, 4, true], [{ capacity: 4 }, 5, false], [{ capacity: 4, building: runs('other') }, 4, false], [{ capacity: 4, building: runs('other') }, 3, true], [{ capacity: 1, building: runs('other') }, 1, false],
  ]
  test.each(table)('%j, %i units: %s', (over, units, can) => expect(canStart(view('w1', over), builder('b', { workers: ['w1', 'w2'], units }))).toBe(can))
})

describe('a worker serves a builder', () => {
  const [linux, gpu] = [{ os: ['linux'] }, { os: ['linux', 'macos'], gpu: ['a100', 'h100'] }]
  const table: [labels: WorkerView['labels'], workerLabels: BuilderView['workerLabels'], serves: boolean][] = [
    [{}, null, false], [{ os: 'linux' }, linux, true], [{ os: 'windows' }, linux, false], [{}, linux, false],
    [{ os: 'macos', gpu: 'h100', more: '' }, gpu, true], [{ os: 'macos' }, gpu, false], [{ constructor: 'x' }, { toString: ['x'] }, false],
  ]
  test.each(table)('%j for %j: %s', (labels, workerLabels, serves) => expect(mayServe(view('w', { labels }), builder('b', { workerLabels }))).toBe(serves))
  test('by name whatever its labels are', () => expect(mayServe(view('w'), builder('b', { workers: ['w'], workerLabels: gpu }))).toBe(true))
})

describe('why a request waits', () => {
  const both = builder('b', { workers: ['w1', 'w2', 'w3', 'w4', 'w5'] })
  const busy = { maxBuilds: 1, building: runs('x') }
  const table: [why: string | null, asked: BuilderView, views: WorkerView[]][] = [
    [null, both, [view('w1', { unavailable: 'is paused' }), view('w2')]],
    ['no worker: none of its workers exists', both, [view('other')]],
    ['no worker: none has os=linux, gpu=a100|h100', builder('b', { workerLabels: { os: ['linux'], gpu: ['a100', 'h100'] } }), [view('w1')]],
    ['worker w1 is busy', both, [view('w1', busy)]],
    ['all 2 workers are busy', both, [view('w1', busy), view('w2', { building: runs('b') })]],
    ['no worker: w1 is paused, w2 is in downtime until 06:00 (Europe/Berlin), w3 is busy', both,
      [view('w1', { unavailable: 'is paused' }), view('w2', { unavailable: 'is in downtime until 06:00 (Europe/Berlin)' }), view('w3', busy)]],
    ['no worker: 4 workers: each is not connected, w5 is busy', both, [...['w1', 'w2', 'w3', 'w4'].map(name => view(name, { unavailable: 'is not connected' })), view('w5', busy)]],
    ['no worker: w1 has a capacity of 2, a build takes 3', builder('b', { workers: ['w1'], units: 3 }), [view('w1', { capacity: 2 })]],
  ]
  test.each(table)('%s', (why, asked, views) => expect(waitsForWorker(asked, views)).toBe(why))
})

describe('why a request waits that machines could build', () => {
  const pool = builder('b', { workers: ['p-1', 'p-2'] })
  const slot = (name: string, state: MachineFacts['state'], { age = 5, ...more }: Partial<WorkerView> & { age?: number } = {}) =>
    view(name, { machine: { pool: 'p', state, age, spent: null }, unavailable: state === 'ready' ? null : 'has no machine', ...more })
  const busy = { maxBuilds: 1, building: runs('x') }
  const stopped = new Map([['p', 'pool p is stopped until somebody has looked: credentials refused']])
  const table: [why: string | null, asked: BuilderView, views: WorkerView[], obstacles: Map<string, string>][] = [
    [null, pool, [slot('p-1', 'ready'), slot('p-2', null)], stopped],
    ['a machine of pool p', pool, [slot('p-1', null), slot('p-2', 'ready', busy)], new Map()],
    ['a machine of pool p: starting for 40 s', pool, [slot('p-1', 'booting', { age: 44 }), slot('p-2', 'requested')], stopped],
    ['a machine of pool p: starting for 3 min', pool, [slot('p-1', 'creating', { age: 199 }), slot('p-2', null)], new Map()],
    ['pool p is stopped until somebody has looked: credentials refused', pool, [slot('p-1', null), slot('p-2', 'removing')], stopped],
    ['all 2 machines of pool p are busy', pool, [slot('p-1', 'ready', busy), slot('p-2', 'ready', busy)], stopped],
    ['the machine of pool p is busy', builder('b', { workers: ['p-1'] }), [slot('p-1', 'ready', busy)], new Map()],
    ['pool p: p-1 is paused, p-2 is busy', pool, [slot('p-1', 'ready', { unavailable: 'is paused' }), slot('p-2', 'ready', busy)], new Map()],
    ['worker w1 is busy, or a machine of pool p: starting for 10 s', builder('b', { workers: ['w1', 'p-1'] }), [view('w1', busy), slot('p-1', 'requested')], new Map()],
    ['no worker: w1 is not connected, or a machine of pool p', builder('b', { workers: ['w1', 'p-1'] }), [view('w1', { unavailable: 'is not connected' }), slot('p-1', null)], new Map()],
  ]
  test.each(table)('%s', (why, asked, views, obstacles) => expect(waitsForWorker(asked, views, obstacles)).toBe(why))
})
