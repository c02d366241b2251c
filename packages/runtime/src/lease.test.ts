import { expect, test } from 'vitest'
import { manualClock } from './clock.js'
import { createPeerObserver } from './lease.js'

/** A story of one observer and one peer, second by second: `r` I renew and look, `.` I do nothing, digit: the peer's beat as read. */
type Second = { renews: boolean; beat: number | null }

async function buriedAt(seconds: Second[]): Promise<number | null> {
  const clock = manualClock()
  const observer = createPeerObserver({ clock })
  for (const [second, { renews, beat }] of seconds.entries()) {
    if (renews) {
      observer.renewed()
      if (observer.observe(beat === null ? [] : [{ id: 7, beat }]).includes(7)) return second
    }
    await clock.advance(1000)
  }
  return null
}

const alive = (length: number): Second[] => Array.from({ length }, (_, beat) => ({ renews: true, beat: beat + 1 }))
const standing = (length: number, beat = 100): Second[] => Array.from({ length }, () => ({ renews: true, beat }))
const silence = (length: number): Second[] => Array.from({ length }, () => ({ renews: false, beat: null }))
const gone = (length: number): Second[] => Array.from({ length }, () => ({ renews: true, beat: null }))

test.each<[string, Second[], number | null]>([
  ['a peer that beats is left alone', alive(60), null],
  ['a peer that stands still is dead after six seconds', [...alive(3), ...standing(20)], 9],
  ['a peer that beats once more begins anew', [...standing(5, 1), ...standing(5, 2), ...standing(20, 3)], 16],
  ['a pause of the database buries nobody, even if the peer beats only 5 s after it', [...standing(3), ...silence(60), ...standing(5), ...alive(20)], null],
  ['a pause of the observer is no silence of the peer', [...standing(4), ...silence(600), ...standing(5), ...alive(5)], null],
  ['after a pause, six seconds of standing count from its end', [...standing(4), ...silence(60), ...standing(20)], 70],
  ['a peer that left and came back is new', [...standing(5), ...gone(1), ...standing(6)], null],
  ['short hiccups of mine do not hide a death', Array.from({ length: 20 }, (_, i) => ({ renews: i % 2 === 0, beat: 100 })), 6],
])('%s', async (_name, seconds, expected) => {
  expect(await buriedAt(seconds)).toBe(expected)
})

test('whoever cannot renew buries nobody, however long it looks', async () => {
  const clock = manualClock()
  const observer = createPeerObserver({ clock })
  for (let i = 0; i < 60; i++) {
    expect(observer.observe([{ id: 1, beat: 5 }])).toEqual([])
    await clock.advance(1000)
  }
})

test('three renewals in a rush do not replace six seconds, nor six seconds three renewals', async () => {
  const clock = manualClock()
  const observer = createPeerObserver({ clock, deadAfterMs: 6000, renewalsNeeded: 3 })
  const look = () => observer.observe([{ id: 1, beat: 5 }])
  look()
  for (let i = 0; i < 3; i++) observer.renewed()
  expect(look()).toEqual([])
  const rare = createPeerObserver({ clock, deadAfterMs: 6000, renewalsNeeded: 4 })
  rare.observe([{ id: 1, beat: 5 }])
  for (let i = 0; i < 3; i++) {
    await clock.advance(2000)
    rare.renewed()
  }
  expect(rare.observe([{ id: 1, beat: 5 }])).toEqual([])
  rare.renewed()
  expect(rare.observe([{ id: 1, beat: 5 }, { id: 2, beat: 1 }])).toEqual([1])
})

test('the wall clock has no say', async () => {
  const clock = manualClock()
  const observer = createPeerObserver({ clock })
  observer.observe([{ id: 1, beat: 5 }])
  for (let i = 0; i < 3; i++) observer.renewed()
  clock.setNow(clock.now() + 3_600_000)
  expect(observer.observe([{ id: 1, beat: 5 }])).toEqual([])
})
