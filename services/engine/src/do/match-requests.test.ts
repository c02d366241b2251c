import type { WorkerView } from '@yardmaster/domain'
import { describe, expect, test } from 'vitest'
import { buildersWithRoom, matchRequests } from './match-requests.js'

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

test('2,000 workers and 200 requests are matched in no time', () => {
  const names = Array.from({ length: 2_000 }, (_, n) => `w${n}`)
  const many = Array.from({ length: 200 }, (_, n) => ({ key: `b${n}`, workers: names }))
  const views = names.map((name, n) => view(name, { maxBuilds: 1, building: n < 1_900 ? ['x'] : [] }))
  const began = process.cpuUsage()
  expect(matchRequests(many.map(({ key }) => ({ builderKey: key })), many, views)).toHaveLength(100)
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(1_000)
})
