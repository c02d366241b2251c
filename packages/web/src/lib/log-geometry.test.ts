import { describe, expect, test } from 'vitest'
import { contentHeight, scrollTopOf, visibleLines } from './log-geometry.js'

describe('a log that the browser can lay out', () => {
  const geometry = { lineHeight: 18, total: 1000, viewport: 180 }

  test('is scrolled pixel by pixel', () => {
    expect(contentHeight(geometry)).toBe(18_000)
    expect(visibleLines(geometry, 909, 0)).toEqual({ first: 50, last: 61, top: -9 })
    expect(scrollTopOf(geometry, 50)).toBe(900)
  })

  test('ends at its end', () => {
    expect(scrollTopOf(geometry, 999)).toBe(18_000 - 180)
    expect(visibleLines(geometry, 18_000 - 180, 5).last).toBe(1000)
    expect(visibleLines(geometry, 0, 5).first).toBe(0)
  })
})

describe('a log that is too tall', () => {
  const geometry = { lineHeight: 18, total: 5_000_000, viewport: 180 }

  test('has every line within reach', () => {
    for (const line of [0, 1, 123_456, 2_500_000, 4_999_980]) {
      const { first, top } = visibleLines(geometry, scrollTopOf(geometry, line), 0)
      expect(first + -top / 18).toBeCloseTo(line, 3)
    }
    expect(visibleLines(geometry, contentHeight(geometry) - 180, 0).last).toBe(5_000_000)
  })
})

test('a log shorter than the window is there whole', () => {
  expect(visibleLines({ lineHeight: 18, total: 3, viewport: 600 }, 0)).toEqual({ first: 0, last: 3, top: 0 })
})
