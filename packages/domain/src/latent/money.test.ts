import { describe, expect, it } from 'vitest'
import { dayAt } from '../downtime.js'
import { costAt, costBetween, paidUntil, shareOfCost, type Bill } from './money.js'

const HOUR = 3_600_000
const hourly = (more: Partial<Bill> = {}): Bill => ({ perHour: 0.5, period: 3600, from: 10 * HOUR, until: null, ...more })

describe('what a machine costs', () => {
  it.each<[string, Partial<Bill>, number, number]>([
    ['nothing before it is there', {}, 10 * HOUR - 1, 0],
    ['its first hour as soon as it is there', {}, 10 * HOUR, 0.5],
    ['no more until that is over', {}, 11 * HOUR - 1, 0.5],
    ['the second hour from its first moment', {}, 11 * HOUR, 1],
    ['nothing more once it is gone', { until: 11 * HOUR }, 20 * HOUR, 0.5],
    ['the hour in which it went as a whole', { until: 11 * HOUR + 1 }, 20 * HOUR, 1],
    ['seconds, where these are paid', { period: 1, perHour: 3600, until: 10 * HOUR + 1500 }, 20 * HOUR, 2],
    ['nothing, of one that came and went in one moment', { until: 10 * HOUR }, 20 * HOUR, 0],
  ])('%s', (_name, more, now, expected) => {
    expect(costAt(hourly(more), now)).toBeCloseTo(expected, 10)
  })

  it('is divided among days without a rest', () => {
    const bill = hourly({ from: 22.5 * HOUR, until: 50 * HOUR })
    const days = [0, 24, 48].map(hour => costBetween(bill, { from: hour * HOUR, until: (hour + 24) * HOUR - 1 }))
    expect(days).toEqual([1, 12, 1])
    expect(days.reduce((sum, cost) => sum + cost)).toBeCloseTo(costAt(bill, 100 * HOUR), 10)
  })

  it('is paid until the end of the hour', () => {
    expect(paidUntil(hourly(), 10.2 * HOUR)).toBe(11 * HOUR)
    expect(paidUntil(hourly(), 11 * HOUR)).toBe(12 * HOUR)
  })
})

it.each([
  [6, { mine: 10, all: 30, of: 2 }, 2], [6, { mine: 0, all: 0, of: 2 }, 3], [6, { mine: 30, all: 30, of: 1 }, 6],
])('of %d a build of %j bears %d', (cost, durations, expected) => {
  expect(shareOfCost(cost, durations)).toBe(expected)
})

it.each([
  ['UTC', '2026-11-22T13:00:00Z', '2026-11-22T00:00:00Z', '2026-11-23T00:00:00Z'],
  ['Europe/Berlin', '2026-11-22T23:30:00Z', '2026-11-22T23:00:00Z', '2026-11-23T23:00:00Z'],
  ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
])('a day in %s at %s is from %s to %s', (timeZone, at, from, until) => {
  expect(dayAt(Date.parse(at), timeZone)).toEqual({ from: Date.parse(from), until: Date.parse(until) })
})
