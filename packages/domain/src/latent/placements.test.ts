import { expect, test } from 'vitest'
import { dependsOnBuild } from './depends-on-build.js'
import { choosePlacement, type NoRoom } from './placements.js'
import { keptAt } from './pool-hours.js'

const NOW = 1_800_000_000_000
const failed = (zone: string | null, plan: string | null, secondsAgo: number): NoRoom => ({ zone, plan, at: NOW - secondsAgo * 1000 })
const both = { zones: ['de', 'fi'], plans: ['large', 'small'] }

test.each<[what: string, pool: { zones: string[]; plans: string[] }, noRoom: NoRoom[], chosen: string]>([
  ['the first', both, [], 'de/large'],
  ['another zone before another plan', both, [failed('de', 'large', 10)], 'fi/large'],
  ['another plan', both, [failed('de', 'large', 10), failed('fi', 'large', 10)], 'de/small'],
  ['the first again, after a while', both, [failed('de', 'large', 301)], 'de/large'],
  ['not so long as it failed again', both, [failed('de', 'large', 301), failed('de', 'large', 20)], 'fi/large'],
  ['of all that had none the one that is longest ago', { zones: ['de', 'fi'], plans: [] }, [failed('de', null, 70), failed('fi', null, 80)], 'fi/null'],
  ['none, when that was just now', { zones: ['de', 'fi'], plans: [] }, [failed('de', null, 40), failed('fi', null, 50)], 'in 10 s'],
  ['what the options say', { zones: [], plans: [] }, [], 'null/null'],
])('%s', (_what, pool, noRoom, expected) => {
  const chosen = choosePlacement(pool, noRoom, NOW)
  expect('placement' in chosen ? `${chosen.placement.zone}/${chosen.placement.plan}` : `in ${(chosen.notBefore - NOW) / 1000} s`).toBe(expected)
})

test('hours say what is kept while they last, the first that says so', () => {
  const hours = (from: string, to: string, numbers: { min?: number; warm?: number }) => ({ days: ['mon' as const], from, to, timeZone: 'UTC', min: numbers.min ?? null, warm: numbers.warm ?? null })
  const pool = { min: 0, warm: 0, max: 5, schedule: [hours('08:00', '18:00', { warm: 2 }), hours('09:00', '12:00', { min: 9, warm: 7 })] }
  const at = (time: string) => keptAt(pool, Date.parse(`2026-11-23T${time}:00Z`))
  expect([at('07:59'), at('08:30'), at('09:00'), at('17:00'), at('18:00')]).toEqual([{ min: 0, warm: 0 }, { min: 0, warm: 2 }, { min: 5, warm: 2 }, { min: 0, warm: 2 }, { min: 0, warm: 0 }])
})

test.each([
  [false, { image: 'x', list: [1, null, true], userData: { $interpolate: 'x %(worker:name)s %(secret:s)s %%' }, key: { $secret: 's' } }],
  [true, { $interpolate: '%(prop:branch)s' }], [true, { $interpolate: '%(worker:name:-%(src::branch)s)s' }], [true, { $interpolate: '%(kw:x)s', kw: { x: { $property: 'p' } } }],
  [true, [{ $fn: 'workers.0.image' }]], [true, { a: { b: { $property: 'p' } } }],
])('depends on the build: %s', (depends, value) => expect(dependsOnBuild(value)).toBe(depends))
