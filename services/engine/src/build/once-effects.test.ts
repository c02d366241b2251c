import { manualClock } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { OnceEffects } from './once-effects.js'

const never = new AbortController().signal

test('what is under way is waited for, for ten seconds', async () => {
  const clock = manualClock()
  const once = new OnceEffects(clock)
  await once.begin(1, never)
  expect(once.hold()).toBe(false)
  await clock.advance(9_999)
  expect(once.hold()).toBe(false)
  await clock.advance(1)
  expect(once.hold()).toBe(true)
})

test('while the build is held nothing begins, until it stays or its step is aborted', async () => {
  const once = new OnceEffects(manualClock())
  await once.begin(1, never)
  expect(once.hold()).toBe(false)
  const [later, aborted] = [once.begin(2, never), new AbortController()]
  const given = once.begin(3, aborted.signal)
  once.end(1)
  expect(once.hold()).toBe(true)
  aborted.abort(new Error('the build is another engine\'s'))
  await expect(given).rejects.toThrow('another engine')
  once.release()
  await later
  expect(once.hold()).toBe(false)
  once.clear()
  expect(once.hold()).toBe(true)
})
