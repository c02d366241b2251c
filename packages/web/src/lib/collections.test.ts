import type { Build, BuildRequest, Worker } from '@yardmaster/rest'
import { expect, test } from 'vitest'
import { countByBuilder, countWorkers, groupRecent, keepWhile, upsert, withRecentBuild } from './collections.js'

const build = (builderid: number, number: number, complete = true): Build => ({
  buildid: builderid * 100 + number, number, builderid, buildrequestid: 1, workerid: 1, masterid: 1, started_at: 1, complete, complete_at: complete ? 2 : null,
  locks_duration_s: 0, results: complete ? 0 : null, state_string: '', properties: {},
})
const numbers = (builds: readonly Build[] | undefined): number[] | undefined => builds?.map(({ number }) => number)

test('builds of all builders are grouped, newest first, a few each', () => {
  const groups = groupRecent([build(2, 9), build(1, 4), build(2, 7), build(2, 8), build(1, 5)], 2)
  expect(numbers(groups.get(1))).toEqual([5, 4])
  expect(numbers(groups.get(2))).toEqual([9, 8])
})

test('a new build pushes the oldest out and leaves the other builders as they are', () => {
  const before = groupRecent([build(1, 1), build(1, 2), build(2, 1)], 2)
  const after = withRecentBuild(before, build(1, 3, false), 2)
  expect(numbers(after.get(1))).toEqual([3, 2])
  expect(after.get(2)).toBe(before.get(2))
  expect(withRecentBuild(after, build(1, 3), 2).get(1)?.[0]?.complete).toBe(true)
})

test('a late event does not make a finished build run again', () => {
  const [kept] = upsert([build(1, 1)], build(1, 1, false), other => other.number === 1)
  expect(kept?.complete).toBe(true)
})

test('rows stay while they are wanted', () => {
  const one = keepWhile(new Map<number, string>(), 1, 'a', true)
  expect([...one]).toEqual([[1, 'a']])
  expect(keepWhile(one, 2, 'b', false)).toBe(one)
  expect(keepWhile(one, 1, 'a', false).size).toBe(0)
})

test('requests are counted per builder', () => {
  const request = (builderid: number): BuildRequest => ({
    buildrequestid: 1, buildsetid: 1, builderid, priority: 0, claimed: false, claimed_at: null, claimed_by_masterid: null, complete: false, results: null,
    submitted_at: 0, complete_at: null, waited_for: false, properties: null,
  })
  expect(countByBuilder([request(1), request(2), request(1)])).toEqual(new Map([[1, 2], [2, 1]]))
})

test('a worker counts once per builder, however many engines could hold it', () => {
  const worker = (connected: boolean, builderids: number[]): Worker => ({
    workerid: 1, name: 'w', connected_to: connected ? [{ masterid: 1 }] : [], workerinfo: {}, paused: false, pause_reason: null, graceful: false,
    configured_on: builderids.flatMap(builderid => [{ builderid, masterid: 1 }, { builderid, masterid: 2 }]),
  })
  expect(countWorkers([worker(true, [1, 2]), worker(false, [2])], new Set())).toEqual(new Map([[1, { connected: 1, configured: 1, latent: 0 }], [2, { connected: 1, configured: 2, latent: 0 }]]))
  const { workerid } = worker(true, [])
  expect(countWorkers([worker(false, [1])], new Set([workerid])).get(1)).toEqual({ connected: 0, configured: 1, latent: 1 })
})
