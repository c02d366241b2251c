import { expect, test } from 'vitest'
import { Pressure } from './pressure.js'

const MIB = 1024 * 1024

function link() {
  const calls: string[] = []
  return { calls, pause: () => { calls.push('pause') }, resume: () => { calls.push('resume') } }
}

test('connections are paused beyond a bound, and go on when the database has caught up', () => {
  const commit = { queuedBytes: 15 * MIB }
  const pressure = new Pressure(commit)
  const one = link()
  pressure.feel(one)
  expect(one.calls).toEqual([])
  commit.queuedBytes = 16 * MIB
  pressure.feel(one)
  pressure.feel(one)
  commit.queuedBytes = 5 * MIB
  pressure.ease()
  expect(one.calls).toEqual(['pause'])
  commit.queuedBytes = 4 * MIB
  pressure.ease()
  pressure.ease()
  expect(one.calls).toEqual(['pause', 'resume'])
})

test('the next connection of a paused worker is paused as well', () => {
  const pressure = new Pressure({ queuedBytes: 20 * MIB })
  const [first, second] = [link(), link()]
  pressure.feel(first)
  pressure.feel(second)
  expect([first.calls, second.calls]).toEqual([['pause'], ['pause']])
})
