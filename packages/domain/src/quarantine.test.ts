import { expect, test } from 'vitest'
import { quarantineSeconds } from './quarantine.js'

test('after so many failures the backoff, doubled with each more, up to the longest', () => {
  const seconds = [1, 2, 3, 4, 5, 6, 2000].map(failures => quarantineSeconds({ failures: 3, backoff: 60, maxBackoff: 300 }, failures))
  expect(seconds).toEqual([null, null, 60, 120, 240, 300, 300])
  expect(quarantineSeconds(null, 100)).toBe(null)
})
