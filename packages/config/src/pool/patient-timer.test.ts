import { expect, test } from 'vitest'
import { patientTimer } from './patient-timer.js'

/** A clock that a test turns; timers that are due at once fire once each, in one go, as after a pause of the process. */
function clockOfATest() {
  let now = 0
  let timers: { at: number; fn: () => void }[] = []
  return {
    timer: (fn: () => void, ms: number) => {
      const one = { at: now + ms, fn }
      timers.push(one)
      return () => { timers = timers.filter(other => other !== one) }
    },
    pass(ms: number) {
      now += ms
      const due = timers.filter(({ at }) => at <= now)
      timers = timers.filter(({ at }) => at > now)
      for (const { fn } of due) fn()
    },
    get waiting() { return timers.length },
  }
}

test('it fires when its time has passed in turns, and not because of one long pause', () => {
  const clock = clockOfATest()
  let fired = 0
  patientTimer(clock.timer, () => { fired += 1 }, 1_000)
  clock.pass(300)
  clock.pass(60_000)
  expect(fired).toBe(0)
  for (let turn = 0; turn < 8; turn++) clock.pass(100)
  expect(fired).toBe(1)
  expect(clock.waiting).toBe(0)
})

test('cancelled, it never fires', () => {
  const clock = clockOfATest()
  const cancel = patientTimer(clock.timer, () => { throw new Error('fired') }, 1_000)
  clock.pass(100)
  cancel()
  expect(clock.waiting).toBe(0)
})
