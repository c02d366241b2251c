import { expect, test } from 'vitest'
import { manualClock, systemClock } from './clock.js'

test('due timers fire in order, and what they resolve runs before the next one fires', async () => {
  const clock = manualClock(1000)
  const seen: string[] = []
  clock.setTimeout(() => seen.push('late'), 30)
  void clock.sleep(10).then(() => { seen.push(`slept until ${clock.now()}`) })
  const cancel = clock.setTimeout(() => seen.push('cancelled'), 20)
  cancel()
  await clock.advance(29)
  expect(seen).toEqual(['slept until 1010'])
  await clock.advance(1)
  expect(seen).toEqual(['slept until 1010', 'late'])
  expect([clock.now(), clock.monotonic()]).toEqual([1030, 30])
})

test('the wall clock may jump without moving monotonic time', () => {
  const clock = manualClock()
  clock.setNow(5)
  expect([clock.now(), clock.monotonic()]).toEqual([5, 0])
})

test.each([['manual', manualClock()], ['system', systemClock()]])('a sleep on the %s clock ends with the reason of its signal', async (_name, clock) => {
  const controller = new AbortController()
  const sleeping = clock.sleep(60_000, controller.signal)
  controller.abort(new Error('enough'))
  await expect(sleeping).rejects.toThrow('enough')
  await expect(clock.sleep(1, controller.signal)).rejects.toThrow('enough')
})

test('a timer of more than 25 days does not fire at once', async () => {
  const clock = systemClock()
  let fired = false
  const cancel = clock.setTimeout(() => { fired = true }, 40 * 86_400_000)
  await clock.sleep(5)
  cancel()
  expect(fired).toBe(false)
})
