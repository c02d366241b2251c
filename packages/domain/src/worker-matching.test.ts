import { describe, expect, test } from 'vitest'
import { buildersWithRoom, canStart, matchRequests, type WorkerView } from './worker-matching.js'

const view = (name: string, more: Partial<WorkerView> = {}): WorkerView => ({ name, connected: true, paused: false, graceful: false, maxBuilds: null, building: [], ...more })
const builders = [{ key: 'a', workers: ['w1', 'w2'] }, { key: 'b', workers: ['w2'] }, { key: 'c', workers: ['w3'] }]

type Row = { what: string; views: WorkerView[]; room: string[]; matches: string[] }
const rows: Row[] = [
  { what: 'nobody is there', views: [], room: [], matches: [] },
  { what: 'all are free: the least busy, in the given order', views: [view('w1'), view('w2')], room: ['a', 'b'], matches: ['a>w1', 'a>w2', 'b>w2'] },
  { what: 'one build at a time', views: [view('w1', { maxBuilds: 1 }), view('w2', { maxBuilds: 1 })], room: ['a', 'b'], matches: ['a>w1', 'a>w2'] },
  { what: 'one of them has a build', views: [view('w1', { building: ['x'] }), view('w2')], room: ['a', 'b'], matches: ['a>w2', 'a>w1', 'b>w2'] },
  { what: 'the folder of a builder is in use', views: [view('w1', { building: ['a'] })], room: [], matches: [] },
  { what: 'paused, or going', views: [view('w1', { paused: true }), view('w2', { graceful: true }), view('w3')], room: ['c'], matches: ['c>w3'] },
]

describe('three requests of a, one of b, one of c', () => {
  test.each(rows)('$what', ({ views, room, matches }) => {
    const requests = ['a', 'a', 'a', 'b', 'c', 'gone'].map(builderKey => ({ builderKey }))
    expect(buildersWithRoom(builders, views)).toEqual(room)
    expect(matchRequests(requests, builders, views).map(({ request, worker }) => `${request.builderKey}>${worker}`)).toEqual(matches)
  })
})

describe('a build can start on a worker', () => {
  const worker = (over: Partial<WorkerView>): WorkerView => ({ name: 'w1', connected: true, paused: false, graceful: false, maxBuilds: null, building: [], ...over })
  const builder = { key: 'b', workers: ['w1', 'w2'] }
  const table: [over: Partial<WorkerView>, can: boolean][] = [
    [{}, true], [{ name: 'w3' }, false], [{ connected: false }, false], [{ paused: true }, false], [{ graceful: true }, false],
    [{ building: ['other'] }, true], [{ building: ['b'] }, false], [{ maxBuilds: 1, building: ['other'] }, false], [{ maxBuilds: 2, building: ['other'] }, true],
  ]
  test.each(table)('%j: %s', (over, can) => expect(canStart(worker(over), builder)).toBe(can))
})
