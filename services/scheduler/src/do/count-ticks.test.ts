import type { NightlyScheduler, PeriodicScheduler } from '@yardmaster/domain'
import { describe, expect, test } from 'vitest'
import { firstTick, specOf, ticksDue } from './count-ticks.js'

const building = { name: 's', builders: ['b'], properties: {}, priority: 0, reason: 'r', codebases: { '': { repository: '', branch: null } } }
const timed = { ...building, changeFilter: { fields: {}, properties: {}, fn: null }, fileIsImportant: null, onlyImportant: false, onlyIfChanged: false, createAbsoluteSourceStamps: false, missed: 'once' as const }
const nightly = (cron: string, more: Partial<NightlyScheduler> = {}): NightlyScheduler => ({ ...timed, kind: 'nightly', cron, timeZone: 'UTC', forceAt: null, ...more })
const periodic = (seconds: number, more: Partial<PeriodicScheduler> = {}): PeriodicScheduler => ({ ...timed, kind: 'periodic', periodicBuildTimer: seconds, ...more })
const at = (text: string) => new Date(text.includes('Z') ? text : `${text}Z`)

/** All ticks of a clock that somebody looks at every few seconds, from one time to another. */
function ticksBetween(scheduler: NightlyScheduler, from: string, to: string): string[] {
  const found: string[] = []
  let due = firstTick(scheduler, { now: at(from), firedAt: null })
  while (due !== null && due <= at(to)) {
    const { ticks, next } = ticksDue(scheduler, { due, now: new Date(due.getTime() + 3_000) })
    found.push(...ticks.map(tick => tick.at.toISOString().slice(5, 16)))
    due = next
  }
  return found
}

/** By hand, in UTC, from the zones' rules: what a wall clock there would have shown. */
describe('over the days on which clocks change', () => {
  test.each<[string, string, string, string, string, string[]]>([
    ['02:30 is left out in spring: right after the gap', 'Europe/Berlin', '30 2 * * *', '2026-03-28T00:00', '2026-03-30T12:00', ['03-28T01:30', '03-29T01:00', '03-30T00:30']],
    ['02:30 comes twice in autumn: the first time', 'Europe/Berlin', '30 2 * * *', '2026-10-24T00:00', '2026-10-26T12:00', ['10-24T00:30', '10-25T00:30', '10-26T01:30']],
    ['every hour in spring: 23 ticks a day', 'Europe/Berlin', '15 * * * *', '2026-03-29T00:00', '2026-03-29T03:00', ['03-29T00:15', '03-29T01:15', '03-29T02:15']],
    ['every hour in autumn: both of them', 'Europe/Berlin', '15 * * * *', '2026-10-25T00:00', '2026-10-25T02:30', ['10-25T00:15', '10-25T01:15', '10-25T02:15']],
    ['New York in spring', 'America/New_York', '30 2 * * *', '2026-03-07T00:00', '2026-03-09T12:00', ['03-07T07:30', '03-08T07:00', '03-09T06:30']],
    ['New York in autumn, 01:30', 'America/New_York', '30 1 * * *', '2026-10-31T00:00', '2026-11-02T12:00', ['10-31T05:30', '11-01T05:30', '11-02T06:30']],
    ['half an hour at Lord Howe, spring', 'Australia/Lord_Howe', '15 2 * * *', '2026-10-02T00:00', '2026-10-04T16:00', ['10-02T15:45', '10-03T15:30', '10-04T15:15']],
    ['half an hour at Lord Howe, autumn', 'Australia/Lord_Howe', '45 1 * * *', '2026-04-03T00:00', '2026-04-05T16:00', ['04-03T14:45', '04-04T14:45', '04-05T15:15']],
    ['midnight is left out in Cairo', 'Africa/Cairo', '30 0 * * *', '2026-04-22T00:00', '2026-04-24T23:00', ['04-22T22:30', '04-23T22:00', '04-24T21:30']],
    ['a zone without such days', 'Asia/Kolkata', '30 2 * * *', '2026-03-28T00:00', '2026-03-30T00:00', ['03-28T21:00', '03-29T21:00']],
  ])('%s', (_, timeZone, cron, from, to, ticks) => {
    expect(ticksBetween(nightly(cron, { timeZone }), from, to)).toEqual(ticks)
  })

  test('a year of nights in three zones has a tick for each', () => {
    for (const timeZone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']) {
      expect(ticksBetween(nightly('30 2 * * *', { timeZone }), '2026-01-01T00:00', '2026-12-31T23:59')).toHaveLength(365)
    }
  })

  test.each([
    // A day of 25 hours has 25 ticks, as three weeks have 504 hours.
    ['Europe/Berlin', '2026-10-20', 504], ['America/New_York', '2026-10-20', 504],
    // The wall clock shows 505 full hours in three weeks that are half an hour shorter, but for the one that is left out.
    ['Australia/Lord_Howe', '2026-09-20', 504],
    // Half an hour comes twice, without a full hour in it.
    ['Australia/Lord_Howe', '2026-03-25', 503],
  ])('three weeks of hours in %s from %s', (timeZone, day, hours) => {
    const from = at(`${day}T00:15`)
    expect(ticksBetween(nightly('0 * * * *', { timeZone }), from.toISOString(), new Date(from.getTime() + 21 * 86_400_000).toISOString())).toHaveLength(hours)
  })
})

test.each<[string, string[]]>([
  ['0 3 L * *', ['01-31T03:00', '02-28T03:00', '03-31T03:00']],
  ['0 3 * * fri#2', ['01-09T03:00', '02-13T03:00', '03-13T03:00']],
  ['0 3 15W * *', ['01-15T03:00', '02-16T03:00', '03-16T03:00']],
  ['0 9-17/4 1 jan,mar *', ['01-01T09:00', '01-01T13:00', '01-01T17:00', '03-01T09:00', '03-01T13:00', '03-01T17:00']],
])('a line %s', (cron, ticks) => {
  expect(ticksBetween(nightly(cron), '2026-01-01T00:00', '2026-03-31T23:00')).toEqual(ticks)
})

describe('ticks that nobody was there for', () => {
  const due = at('2026-01-01T03:00')
  const down = { due, now: at('2026-01-04T12:00') }
  test('are one build, none, or one each', () => {
    expect(ticksDue(nightly('0 3 * * *'), down)).toEqual({ ticks: [{ at: at('2026-01-04T03:00'), forced: false }], next: at('2026-01-05T03:00') })
    expect(ticksDue(nightly('0 3 * * *', { missed: 'skip' }), down)).toEqual({ ticks: [], next: at('2026-01-05T03:00') })
    expect(ticksDue(nightly('0 3 * * *', { missed: 'all' }), down).ticks.map(tick => tick.at.getUTCDate())).toEqual([1, 2, 3, 4])
  })

  test('are no more than a hundred, and the one that is due now is not missed', () => {
    const { ticks } = ticksDue(nightly('* * * * *', { missed: 'all' }), down)
    expect([ticks.length, ticks[0]!.at, ticks.at(-1)!.at]).toEqual([100, at('2026-01-04T10:21'), at('2026-01-04T12:00')])
    expect(ticksDue(nightly('* * * * *', { missed: 'skip' }), down).ticks).toEqual([{ at: at('2026-01-04T12:00'), forced: false }])
    expect(ticksDue(periodic(60, { missed: 'all' }), down).ticks).toHaveLength(100)
    expect(ticksDue(nightly('0 3 * * *', { missed: 'skip' }), { due, now: at('2026-01-01T03:00:20') }).ticks).toHaveLength(1)
  })

  test('force what one of them would have forced', () => {
    const weekly = nightly('0 3 * * *', { onlyIfChanged: true, forceAt: '0 3 * * sat' })
    expect(ticksDue(weekly, down).ticks).toEqual([{ at: at('2026-01-04T03:00'), forced: true }])
    expect(ticksDue(weekly, { due, now: at('2026-01-01T03:00:01') }).ticks[0]!.forced).toBe(false)
  })

  test('times of forceAt tick beside the others', () => {
    expect(ticksBetween(nightly('0 3 * * *', { forceAt: '0 12 * * sun' }), '2026-01-03T00:00', '2026-01-05T00:00')).toEqual(['01-03T03:00', '01-04T03:00', '01-04T12:00'])
  })
})

describe('a periodic clock', () => {
  test('begins at once, and goes on from its last build', () => {
    const now = at('2026-01-01T00:00')
    expect(firstTick(periodic(600), { now, firedAt: null })).toEqual(now)
    expect(firstTick(periodic(600), { now, firedAt: at('2025-12-31T23:55') })).toEqual(at('2026-01-01T00:05'))
    expect(firstTick(periodic(600), { now, firedAt: at('2025-12-01T00:00') })).toEqual(now)
    expect(ticksDue(periodic(600), { due: now, now: at('2026-01-01T01:02:03') })).toEqual({ ticks: [{ at: at('2026-01-01T01:00'), forced: false }], next: at('2026-01-01T01:12:03') })
    expect(specOf(periodic(600))).not.toBe(specOf(periodic(60)))
  })
})
