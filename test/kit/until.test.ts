import { expect, test } from 'vitest'
import { openWaits } from './open-waits.js'
import { until } from './until.js'

test('what is found at last is given', async () => {
  const answers = [undefined, null, false, 0]
  expect(await until('a number', () => answers.shift())).toBe(0)
})

test('what did not come is named, with what was last found', async () => {
  await expect(until('the moon', () => Promise.resolve(null), 60)).rejects.toThrow('not within 60 ms: the moon (last: null)')
})

test('a condition that never answers is named as what hangs', async () => {
  let asked = 0
  await expect(until('the moon', () => (asked++ === 0 ? false : new Promise<true>(() => {})), 60)).rejects.toThrow('not within 60 ms: the moon (asking for it hangs; before: false)')
})

test('a condition that fails ends the wait', async () => {
  await expect(until('the moon', () => Promise.reject(new Error('no sky')))).rejects.toThrow('no sky')
  expect([...openWaits]).toEqual([])
})

test('what is waited for can be told', async () => {
  let given = false
  const wait = until('the moon', () => given)
  expect([...openWaits]).toMatchObject([{ what: 'the moon', shown: 'nothing yet' }])
  given = true
  await wait
})
