import { expect, test } from 'vitest'
import type { Closing } from './connection.js'
import { Engines } from './engines.js'

const random = { uuid: () => '', float: () => 0.5, bytes: (count: number) => Buffer.alloc(count) }
const lost: Closing = { status: null, reason: 'closed', elsewhere: false, duplicate: false }
const refused: Closing = { ...lost, status: 503, elsewhere: true }
const idle = { welcomed: false, busy: false }
const welcome = { welcomed: true, busy: false }

test('a refusal moves on at once, and only a whole round in vain makes it wait', () => {
  const engines = new Engines(['a', 'b', 'c'], random)
  const tries = Array.from({ length: 7 }, () => [engines.current, engines.after(refused, idle)])
  expect(tries).toEqual([['a', 0], ['b', 0], ['c', 200], ['a', 0], ['b', 0], ['c', 300], ['a', 0]])
})

test('it stays with the engine that answered when the network fails, and leaves one that said no or nothing', () => {
  const engines = new Engines(['a', 'b'], random)
  engines.after(refused, idle)
  expect([engines.current, engines.after(lost, welcome), engines.current]).toEqual(['b', 200, 'b'])
  engines.after({ ...lost, elsewhere: true }, welcome)
  expect(engines.current).toBe('a')
})

test('the pauses end where somebody waits: after a second with builds, three without, a quarter of a minute as a duplicate', () => {
  const longest = (closing: Closing, busy: boolean) => {
    const engines = new Engines(['a'], random)
    return Array.from({ length: 20 }, () => engines.after(closing, { welcomed: false, busy })).at(-1)
  }
  expect([longest(refused, true), longest(refused, false), longest({ ...lost, duplicate: true }, false)]).toEqual([1_000, 3_000, 15_000])
})

test('it goes where an engine sends it, and still knows its own addresses', () => {
  const engines = new Engines(['ws://a', 'ws://b'], random)
  engines.learn(['ws://c', 'http://no', 'ws://b'])
  const tries = Array.from({ length: 4 }, () => (engines.after(refused, idle), engines.current))
  expect(tries).toEqual(['ws://c', 'ws://a', 'ws://b', 'ws://c'])
  engines.learn([])
  expect([engines.after(refused, idle), engines.current]).toEqual([expect.any(Number), 'ws://a'])
})
