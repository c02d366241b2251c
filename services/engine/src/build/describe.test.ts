import { CANCELLED, EXCEPTION, FAILURE, RETRY, SKIPPED, SUCCESS, WARNINGS, type Json, type Result } from '@yardmaster/domain'
import { expect, test } from 'vitest'
import { buildSummary, describeCommand, descriptionText, doneText, runningText } from './describe.js'

test.each<[Json, string]>([
  ['make', "'make'"],
  ['make -j4 all', "'make -j4 ...'"],
  [['make', 'all'], "'make all'"],
  [['make', ['-j', 4], null], "'make -j ...'"],
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
  expect(doneText(texts, 'x', SUCCESS)).toBe('testing 3 on arm')
  expect(doneText({ running: null, done: null, suffix: null }, "'make'", FAILURE)).toBe("'make' (failure)")
})
