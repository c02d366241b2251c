import type { Json } from '@yardmaster/domain'
import { manualClock } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { askForm } from './form-answers.js'

test('no more than so much is asked at once, and what is asked already is waited for', async () => {
  const answers: ((value: Json) => void)[] = []
  const generation = { threads: { call: () => Promise.reject(new Error('nothing is quick')), callPatiently: () => new Promise<Json>(resolve => { answers.push(resolve) }) } }
  const ask = (branch: string) => askForm(generation, manualClock(), { fn: { $fn: 'choices' }, context: { builder: 'b', values: { branch } }, patienceMs: 20_000 })
  const asked = Array.from({ length: 60 }, (_, n) => ask(`b${n}`))
  expect(await asked.at(-1)).toEqual({ problem: 'too much is being asked at once: look again' })
  expect(answers).toHaveLength(50)
  const again = ask('b0')
  answers[0]!(['x'])
  expect([await asked[0], await again]).toEqual([{ value: ['x'] }, { value: ['x'] }])
  void ask('b59')
  expect(answers).toHaveLength(51)
})
