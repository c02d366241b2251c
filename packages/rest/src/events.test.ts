import { expect, it } from 'vitest'
import { maskOf, masked, matchesPath } from './events.js'

it.each([
  ['builds/*/*', 'builds/7/new', true],
  ['builds/7/*', 'builds/7/new', true],
  ['builds/8/*', 'builds/7/new', false],
  ['builds/*', 'builds/7/new', false],
  ['*/*/*', 'builds/7/new', true],
  ['builds/7/new', 'builds/7/new', true],
])('%s and %s: %s', (pattern, path, expected) => {
  expect(matchesPath(pattern, path)).toBe(expected)
})

it('finds the pattern of a mask', () => {
  expect(maskOf('builders/3/builds/*/*')).toBe('...**')
  expect(masked('builders/3/builds/9/finished', '...**')).toBe('builders/3/builds/*/*')
  expect(masked('builds/9/finished', '...**')).toBeUndefined()
})
