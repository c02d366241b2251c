import { describe, expect, test, vi } from 'vitest'
import type { Downtime } from './configuration.js'
import { downtimeAt, untilText } from './downtime.js'

const daily: Downtime['days'] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const down = (from: string, to: string, more: Partial<Downtime> = {}): Downtime => ({ days: daily, from, to, timeZone: 'Europe/Berlin', reason: null, ...more })
const night = down('22:00', '06:00')

type Row = [what: string, downtimes: Downtime[], now: string, until: string | null]
const rows: Row[] = [
  ['before', [down('12:00', '13:00')], '2026-11-22T10:59:59Z', null],
  ['at its begin', [down('12:00', '13:00')], '2026-11-22T11:00:00Z', '2026-11-22T12:00:00Z'],
  ['at its end', [down('12:00', '13:00')], '2026-11-22T12:00:00Z', null],
  ['UTC', [down('12:00', '13:00', { timeZone: 'UTC' })], '2026-11-22T12:30:00Z', '2026-11-22T13:00:00Z'],
  ['over midnight, before it', [night], '2026-11-22T22:30:00Z', '2026-11-23T05:00:00Z'],
  ['over midnight, after it', [night], '2026-11-23T04:59:00Z', '2026-11-23T05:00:00Z'],
  ['a whole day', [down('00:00', '00:00')], '2026-11-22T12:00:00Z', '2026-11-29T23:00:00Z'],
  ['on the day on which it begins', [{ ...night, days: ['sun'] }], '2026-11-23T02:00:00Z', '2026-11-23T05:00:00Z'],
  ['not on the day on which it ends', [{ ...night, days: ['mon'] }], '2026-11-23T02:00:00Z', null],
  ['another day', [{ ...night, days: ['sat'] }], '2026-11-22T22:30:00Z', null],
  ['one that ends where another begins', [night, down('06:00', '07:30')], '2026-11-23T01:00:00Z', '2026-11-23T06:30:00Z'],
  // Summer time begins in Berlin on 2026-03-29 at 01:00Z (02:00 -> 03:00) and ends on 2026-10-25 at 01:00Z (03:00 -> 02:00).
  ['the night that is an hour shorter', [night], '2026-03-29T03:59:00Z', '2026-03-29T04:00:00Z'],
  ['after the night that is an hour shorter', [night], '2026-03-29T04:00:00Z', null],
  ['the night that is an hour longer', [night], '2026-10-25T04:59:00Z', '2026-10-25T05:00:00Z'],
  ['it would begin in the hour that is skipped', [down('02:30', '05:00')], '2026-03-29T01:00:00Z', '2026-03-29T03:00:00Z'],
  ['before the hour that is skipped', [down('02:30', '05:00')], '2026-03-29T00:59:00Z', null],
  ['it would end in the hour that is skipped', [down('01:00', '02:30')], '2026-03-29T00:59:00Z', '2026-03-29T01:00:00Z'],
  ['wholly in the hour that is skipped', [down('02:10', '02:50')], '2026-03-29T01:00:00Z', null],
  ['it begins at the first of two', [down('02:30', '05:00')], '2026-10-25T00:30:00Z', '2026-10-25T04:00:00Z'],
  ['it ends at the second of two', [down('01:00', '02:30')], '2026-10-25T01:29:00Z', '2026-10-25T01:30:00Z'],
  ['and not between', [down('01:00', '02:30')], '2026-10-25T00:45:00Z', '2026-10-25T01:30:00Z'],
  ['on the other side of the date line', [down('22:00', '06:00', { timeZone: 'Pacific/Kiritimati', days: ['mon'] })], '2026-11-23T09:00:00Z', '2026-11-23T16:00:00Z'],
  ['half an hour of summer time', [down('01:45', '02:15', { timeZone: 'Australia/Lord_Howe' })], '2026-04-04T15:20:00Z', '2026-04-04T15:45:00Z'],
]

describe('a downtime', () => {
  test.each(rows)('%s', (_what, downtimes, now, until) => {
    const found = downtimeAt(downtimes, Date.parse(now))
    expect(found && new Date(found.until).toISOString()).toBe(until && until.replace('Z', '.000Z'))
  })

  test('tells people its end', () => {
    const now = Date.parse('2026-11-22T23:00:00Z')
    expect(untilText(downtimeAt([night], now)!, now)).toBe('until 06:00 (Europe/Berlin)')
    expect(untilText(downtimeAt([night, down('06:00', '05:00', { days: ['mon'] })], now)!, now)).toMatch(/^until tue 06:00/)
  })
})

test('a thousand workers of the same times ask the calendar once', () => {
  const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts')
  const now = Date.UTC(2031, 0, 6, 23)
  const nights: Downtime[] = [{ days: ['mon', 'tue'], from: '22:00', to: '06:00', timeZone: 'Europe/Berlin', reason: null }]
  for (let worker = 0; worker < 1000; worker++) expect(downtimeAt(nights, now + worker)).not.toBeNull()
  expect(asked.mock.calls.length).toBeLessThan(50)
  asked.mockRestore()
})
