import { expect, test } from 'vitest'
import { paced } from './paced.js'

test('what took long is left alone for longer, but not for long, and is not forgotten', async () => {
  const state = { now: 0, took: 100, runs: 0, alarm: 0 }
  const run = paced({ now: () => 1_000_000 + state.now, monotonic: () => state.now }, epochMs => { state.alarm = epochMs }, () => {
    state.runs += 1
    state.now += state.took
    return Promise.resolve({ again: true })
  })
  const { signal } = new AbortController()
  const at = async (now: number) => {
    state.now = now
    await run(signal)
    return state.runs
  }
  expect(await at(0)).toBe(1)
  expect([await at(399), state.alarm]).toEqual([1, 1_000_400])
  state.took = 60_000
  expect(await at(400)).toBe(2)
  expect([await at(61_399), state.alarm]).toEqual([2, 1_061_400])
  expect(await at(61_400)).toBe(3)
})
