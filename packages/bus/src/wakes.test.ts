import type { Json } from '@yardmaster/domain'
import { afterEach, expect, inject, test } from 'vitest'
import { busesOf, random } from './testing/buses.js'

const buses = busesOf(() => inject('natsUrl'))
afterEach(() => buses.closeAll())

test('a wake reaches every process of the installation, its own included, and no other', async () => {
  const installation = random.uuid()
  const [one, two, other] = [await buses.connect(installation), await buses.connect(installation), await buses.connect(random.uuid())]
  const seen: string[] = []
  one.onWake('requests', () => seen.push('one'))
  two.onWake('requests', () => seen.push('two'))
  two.onWake('changes', () => seen.push('changes'))
  other.onWake('requests', () => seen.push('other'))
  await expect.poll(() => {
    one.wake('requests')
    return seen.includes('one') && seen.includes('two')
  }).toBe(true)
  expect(new Set(seen)).toEqual(new Set(['one', 'two']))
})

test('wakes in a burst are joined, and no payload is lost', async () => {
  const bus = await buses.connect(random.uuid())
  const calls: Json[][] = []
  let ready = false
  bus.onWake('controls', payloads => { if (payloads[0] === 'ready') ready = true; else calls.push(payloads) })
  bus.wake('controls', 'ready')
  await expect.poll(() => ready).toBe(true)
  for (let i = 0; i < 1000; i++) bus.wake('controls', i)
  bus.wake('controls')
  await expect.poll(() => calls.flat().length).toBe(1000)
  expect(calls.flat()).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  expect(calls.length).toBeLessThanOrEqual(2)
})

test('a listener that throws hurts nobody, and one that has ended is not called', async () => {
  const bus = await buses.connect(random.uuid())
  let calls = 0
  let ended = 0
  bus.onWake('timers', () => { throw new Error('a bug') })
  bus.onWake('timers', () => { calls += 1 })
  bus.onWake('timers', () => { ended += 1 })()
  bus.wake('timers')
  await expect.poll(() => calls).toBe(1)
  bus.wake('timers')
  await expect.poll(() => calls).toBe(2)
  expect(ended).toBe(0)
})

test('after close, a wake is dropped in silence', async () => {
  const bus = await buses.connect(random.uuid())
  await bus.close()
  bus.wake('requests')
  expect(bus.connected()).toBe(false)
  await bus.close()
})
