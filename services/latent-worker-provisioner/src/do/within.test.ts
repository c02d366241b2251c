import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { within } from './within.js'

const clock = systemClock()
const never = (signal: AbortSignal) => new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error(`heeded: ${String(signal.reason)}`))))

test('an answer, none in time, and a caller that gives up', async () => {
  const process = new AbortController()
  expect(await within({ clock, signal: process.signal, ms: 1_000 }, () => Promise.resolve(7))).toBe(7)
  await expect(within({ clock, signal: process.signal, ms: 10 }, () => new Promise(() => {}))).rejects.toThrow('no answer within 0.01 s')
  await expect(within({ clock, signal: process.signal, ms: 10 }, never)).rejects.toThrow('no answer')
  const waiting = within({ clock, signal: process.signal, ms: 10_000 }, never)
  process.abort(new Error('this process stops'))
  await expect(waiting).rejects.toThrow('this process stops')
  await expect(within({ clock, signal: process.signal, ms: 10_000 }, never)).rejects.toThrow('this process stops')
})

test('nothing is left of a call, however long the process lives', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { signal } = new AbortController()
  const given: WeakRef<AbortSignal>[] = []
  for (let n = 0; n < 10; n++) await within({ clock, signal, ms: 10_000 }, own => { given.push(new WeakRef(own)); return Promise.resolve() })
  await clock.sleep(10)
  collect()
  // The last one may be on the stack.
  expect(given.slice(0, -1).filter(ref => ref.deref() !== undefined)).toEqual([])
})
