import { expect, test } from 'vitest'
import { Pressure } from './pressure.js'

const MIB = 1024 * 1024

function link() {
  const calls: string[] = []
  return { calls, pause: () => { calls.push('pause') }, resume: () => { calls.push('resume') } }
}

function queue(queuedBytes: number) {
  const listeners: (() => void)[] = []
  return {
    queuedBytes,
    onWritten(listener: () => void) { listeners.push(listener) },
    writtenDownTo(bytes: number) {
      this.queuedBytes = bytes
      for (const listener of listeners) listener()
    },
  }
}

test('connections are paused beyond a bound, and go on when the database has caught up, whoever had queued it', () => {
  const commit = queue(15 * MIB)
  const pressure = new Pressure(commit)
  const one = link()
  pressure.feel(one)
  expect(one.calls).toEqual([])
  commit.queuedBytes = 16 * MIB
  pressure.feel(one)
  pressure.feel(one)
  commit.writtenDownTo(5 * MIB)
  expect(one.calls).toEqual(['pause'])
  commit.writtenDownTo(4 * MIB)
  commit.writtenDownTo(0)
  expect(one.calls).toEqual(['pause', 'resume'])
})

test('the next connection of a paused worker is paused as well', () => {
  const pressure = new Pressure(queue(20 * MIB))
  const [first, second] = [link(), link()]
  pressure.feel(first)
  pressure.feel(second)
  expect([first.calls, second.calls]).toEqual([['pause'], ['pause']])
})
