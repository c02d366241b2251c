import { expect, test } from 'vitest'
import { Journal, NotReplayable } from './journal.js'

const entry = (n: number, kind: string, ended = true) => ({ n, kind, fingerprint: `f${n}`, seq: 0, firstLine: 0, processId: null, ranges: null, position: n, ended, outcome: n })

test('numbers are given in the order of the calls, also past what is known', () => {
  const journal = new Journal([entry(1, 'command')])
  expect([journal.nextNumber(), journal.nextNumber()]).toEqual([1, 2])
})

test('a known effect is found, an unknown one is not', () => {
  const journal = new Journal([entry(1, 'command')])
  expect(journal.find(1, 'command', 'f1')).toMatchObject({ outcome: 1 })
  expect(journal.find(2, 'command', 'f2')).toBeUndefined()
})

test('another effect under the same number is no replay', () => {
  const journal = new Journal([entry(1, 'command')])
  expect(() => journal.find(1, 'command', 'other')).toThrow(NotReplayable)
  expect(() => journal.find(1, 'log', 'f1')).toThrow('not replayable: effect 1 was a command, and is a log now')
})

test('what has ended, of one kind, newest first', () => {
  const journal = new Journal([entry(1, 'property'), entry(2, 'log'), entry(3, 'property'), entry(4, 'property', false)])
  expect(journal.ended('property').map(({ n }) => n)).toEqual([3, 1])
})

test('once no turn comes any more nobody waits for one, also who comes later', async () => {
  const journal = new Journal([entry(1, 'log')])
  const before = journal.turn(2)
  journal.fail(new Error('the step is over'))
  await expect(before).rejects.toThrow('the step is over')
  await expect(journal.turn(3)).rejects.toThrow('the step is over')
})
