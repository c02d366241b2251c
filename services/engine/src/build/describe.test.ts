import { CANCELLED, EXCEPTION, FAILURE, RETRY, SKIPPED, SUCCESS, WARNINGS, type Json, type Result } from '@yardmaster/domain'
import { expect, test } from 'vitest'
import { buildSummary, describeCommand, descriptionText, doneText, runningText } from './describe.js'

test.each<[Json, string]>([
  ['make', "'make'"],
  ['make -j4 all', "'make -j4 ...'"],
  [['make', 'all'], "'make all'"],
  [['make', ['-j', 4], null], "'make -j ...'"],
  [['echo', 'a b c'], "'echo a b c'"],
  ['', '???'],
  [[], '???'],
])('the command %j is described as %s', (command, expected) => {
  expect(describeCommand(command)).toBe(expected)
})

test.each<[Result, string | null, string]>([
  [SUCCESS, null, 'build successful'],
  [WARNINGS, 'lint', 'warnings lint'],
  [FAILURE, 'test', 'failed test (failure)'],
  [EXCEPTION, 'x', 'exception x'],
  [RETRY, null, 'retry'],
])('a build with result %i because of %j reads %j', (result, step, expected) => {
  expect(buildSummary.text(result, step)).toBe(expected)
})

test('the gravest step is to blame', () => {
  const order: Result[] = [SUCCESS, WARNINGS, FAILURE, EXCEPTION, RETRY, CANCELLED]
  const severities = order.map(buildSummary.severity)
  expect(severities).toEqual([...severities].sort((a, b) => a - b))
  expect(buildSummary.severity(SKIPPED)).toBe(buildSummary.severity(SUCCESS))
})

test('descriptions of a step', () => {
  const texts = { running: descriptionText(['testing', 3]), done: null, suffix: descriptionText('on arm') }
  expect([descriptionText(''), descriptionText(null)]).toEqual([null, null])
  expect(runningText(texts, 'running')).toBe('testing 3 on arm')
  const silent = { running: null, done: null, suffix: 'on arm' }
  expect(runningText(silent, 'running')).toBe('running')
  const own = { command: null, otherwise: 'finished', timedOut: false }
  const make = { ...own, command: "'make'" }
  expect([doneText(texts, own, SUCCESS), doneText(texts, make, SUCCESS)]).toEqual(['testing 3 on arm', "'make'"])
  expect(doneText({ ...texts, done: 'tested' }, make, FAILURE)).toBe('tested on arm (failure)')
  expect([doneText(silent, own, SUCCESS), doneText(silent, { ...make, timedOut: true }, FAILURE)]).toEqual(['finished', "'make' (failure) (timed out)"])
})
