import { manualClock } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { NewestEvents } from './newest.js'
import { paced } from './paced.js'

test('what is asked for often is done soon, and then once per rest; the last one who asks is not forgotten', async () => {
  const clock = manualClock()
  const runs: number[] = []
  const pace = paced(() => {
    runs.push(clock.monotonic())
    return 1_000
  }, clock, 80)
  for (let n = 0; n < 300; n++) {
    pace.call()
    await clock.advance(10)
  }
  await clock.advance(5_000)
  expect(runs).toEqual([80, 1_080, 2_080, 3_080])
  pace.call()
  await clock.advance(80)
  expect(runs).toHaveLength(5)
})

test('who leaves is not called any more', async () => {
  const clock = manualClock()
  let runs = 0
  const pace = paced(() => (runs += 1), clock, 80)
  pace.call()
  pace.cancel()
  await clock.advance(1_000)
  expect(runs).toBe(0)
  pace.call()
  await clock.advance(80)
  expect(runs).toBe(1)
})

test('of a row that is told several times only the last is kept, in its place', () => {
  const events = new NewestEvents()
  const tell = (k: string, n: number) => events.add({ k, m: { n } })
  tell('builds/7/new', 1)
  tell('builds/8/new', 2)
  tell('builds/7/steps/1/new', 3)
  tell('builds/7/finished', 4)
  expect(events.size).toBe(3)
  expect(events.take().map(({ k, m }) => [k, m.n])).toEqual([['builds/8/new', 2], ['builds/7/steps/1/new', 3], ['builds/7/finished', 4]])
  expect([events.size, events.take()]).toEqual([0, []])
})
