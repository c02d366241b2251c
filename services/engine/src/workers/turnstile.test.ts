import { manualClock } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { Turnstile } from './turnstile.js'

function gate(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let settle!: { resolve: () => void; reject: (error: Error) => void }
  const promise = new Promise<void>((resolve, reject) => { settle = { resolve, reject } })
  return { promise, ...settle }
}

test('a few at a time, in order, also after a failure; whoever waits is told so', async () => {
  const clock = manualClock()
  const turnstile = new Turnstile(clock, 2)
  const begun: number[] = []
  const waiting: number[] = []
  const gates = Array.from({ length: 4 }, gate)
  const passes = gates.map(({ promise }, n) => turnstile.pass(async () => { begun.push(n); await promise }, () => waiting.push(n)))
  const failed = passes[0]!.catch((error: unknown) => error)
  await clock.advance(3_000)
  expect([begun, waiting]).toEqual([[0, 1], [2, 3]])
  gates[0]!.reject(new Error('broken'))
  expect(await failed).toEqual(new Error('broken'))
  await clock.advance(3_000)
  expect([begun, waiting]).toEqual([[0, 1, 2], [2, 3, 3]])
  for (const { resolve } of gates) resolve()
  await Promise.all(passes.slice(1))
  expect(begun).toEqual([0, 1, 2, 3])
  await turnstile.pass(async () => { begun.push(4); await Promise.resolve() })
  expect(begun.at(-1)).toBe(4)
})
