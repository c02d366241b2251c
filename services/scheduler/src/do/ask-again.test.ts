import { FunctionFailed, FunctionTimeout } from '@yardmaster/config/host'
import type { Json } from '@yardmaster/domain'
import { expect, test } from 'vitest'
import { askingAgain } from './ask-again.js'

/** Answers in turn; the last answer stays. */
function calls(...answers: (Json | Error)[]) {
  let asked = 0
  const call = askingAgain(() => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  })
  return { ask: () => call({ $fn: 'filter' }, []), asked: () => asked }
}

const late = new FunctionTimeout('filter', 250)
const gone = new FunctionFailed('filter', 'the thread of filter died', '')

test('a function that did not answer is asked again', async () => {
  const { ask, asked } = calls(late, gone, true)
  expect(await ask()).toBe(true)
  expect(asked()).toBe(3)
})

test('what it throws is its answer', async () => {
  const { ask, asked } = calls(new FunctionFailed('filter', 'no', 'at yard.config.ts:3'), true)
  await expect(ask()).rejects.toThrow('no')
  expect(asked()).toBe(1)
})

test('one that never answers is soon asked once for each change, until it answers again', async () => {
  const { ask, asked } = calls(late, late, late, late, true, late, true)
  await expect(ask()).rejects.toThrow(late)
  await expect(ask()).rejects.toThrow(late)
  expect(asked()).toBe(4)
  expect(await ask()).toBe(true)
  expect(await ask()).toBe(true)
  expect(asked()).toBe(7)
})
