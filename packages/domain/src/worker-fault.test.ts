import { expect, test } from 'vitest'
import { CANCELLED, EXCEPTION, FAILURE, RETRY, SUCCESS, type Result } from './results.js'
import { workerFault, type WorkerLoss } from './worker-fault.js'

const lost = (how: WorkerLoss) => ({ how, why: `it was ${how}` })

test.each<[string, Result, WorkerLoss | null, string | null, string | null]>([
  ['its process was replaced', RETRY, 'replaced', null, 'it was replaced'],
  ['it stayed away', RETRY, 'away', null, 'it was away'],
  ['a stock worker lost its connection', RETRY, 'disconnected', null, 'it was disconnected'],
  ['it was shut down in order', RETRY, 'goodbye', null, null],
  ['somebody killed it', RETRY, 'killed', null, null],
  ['the command was given up here', RETRY, 'given up', null, null],
  ['the build could not be replayed', RETRY, null, null, null],
  ['the build was stopped while it was away', CANCELLED, 'away', null, null],
  ['its disk is full', EXCEPTION, null, 'no space left', 'no space left'],
  ['a step threw', EXCEPTION, null, null, null],
  ['a command failed', FAILURE, null, null, null],
  ['trouble in a step that did not matter', SUCCESS, null, 'no space left', null],
])('%s', (_what, results, how, trouble, expected) => {
  expect(workerFault({ results, lost: how === null ? null : lost(how), trouble })).toBe(expected)
})
