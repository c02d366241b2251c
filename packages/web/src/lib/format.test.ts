import { expect, test } from 'vitest'
import { ago, duration, firstLine, personName, shortRevision } from './format.js'

test.each([[0, '0 s'], [59.9, '59 s'], [65, '1 min 05 s'], [3600, '1 h 00 min'], [90_061, '1 d 1 h'], [-3, '0 s']])('%d seconds last %s', (seconds, told) => {
  expect(duration(seconds)).toBe(told)
})

test.each([[3, 'just now'], [45, '40 s ago'], [61, '1 min ago'], [7200, '2 h ago'], [3 * 86_400, '3 d ago'], [-5, 'just now']])('%d seconds ago', (seconds, told) => {
  expect(ago(1_000_000, 1_000_000 + seconds)).toBe(told)
})

test('long ago is a date', () => expect(ago(1_000_040_000, 1_800_000_000)).toBe('2001-09-09'))

test('only hashes are shortened', () => {
  expect(shortRevision('0123456789abcdef0123456789abcdef01234567')).toBe('0123456789')
  expect(shortRevision('r12345678901234')).toBe('r12345678901234')
})

test('people and first lines', () => {
  expect(personName('Ann Lee <ann@example.org>')).toBe('Ann Lee')
  expect(personName('<ann@example.org>')).toBe('<ann@example.org>')
  expect(firstLine('\nFix it\n\nBecause')).toBe('Fix it')
})
