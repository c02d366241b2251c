import { describe, expect, test } from 'vitest'
import { LogWriter, logSlug } from './log-writer.js'

describe('the slug of a log', () => {
  test.each([
    ['stdio', [], 'stdio'],
    ['property changes', [], 'property_changes'],
    ['7zip.log', [], '_7zip_log'],
    ['', [], '_'],
    ['größe', [], 'gr__e'],
    ['x'.repeat(80), [], 'x'.repeat(50)],
    ['a b', ['a_b'], 'a_b_2'],
    ['a b', ['a_b', 'a_b_2'], 'a_b_3'],
    ['x'.repeat(80), ['x'.repeat(50)], `${'x'.repeat(46)}_2`],
  ])('%j beside %j is %j', (name, taken, expected) => {
    expect(logSlug(name, new Set(taken))).toBe(expected)
  })
})

test('a log is opened once, knows its lines, and is finished once', () => {
  const log = new LogWriter({ ref: { id: 1, stepId: 2, slug: 's' }, name: 'stdio', numLines: 3, opened: false, finished: false })
  expect(log.finish()).toEqual([])
  expect([log.open().length, log.open().length]).toEqual([1, 0])
  expect([log.append(2, Buffer.from('oa\nob\n')), log.append(1, Buffer.from('oc\n'))]).toMatchObject([{ firstLine: 3 }, { firstLine: 5 }])
  expect([log.lines, log.finish().length, log.finish().length]).toEqual([6, 1, 0])
})
