import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { EventStream } from './event-stream.js'
import type { Hub } from './hub.js'
import type { End } from './listener.js'

/** A connection whose network takes `perBeat` bytes between two heartbeats, while more always waits. */
function slowly(perBeat: number) {
  const ends: End[] = []
  let beat = () => {}
  const socket = { bytesWritten: 100_000 }
  const response = Object.assign(new EventEmitter(), { writableLength: 50_000, socket, write: () => true, cork() {}, uncork() {}, end() {}, destroy() {} })
  const hub = {
    heartbeats: { add(fn: () => void) { beat = fn; return () => {} } }, rights: { add: () => () => {} }, placeOf: () => '7:1', leave() {},
  }
  new EventStream(response as unknown as ServerResponse, { hub: hub as unknown as Hub, handshake: 'x', stillReads: () => Promise.resolve(true), later: () => () => {}, onEnd: why => ends.push(why) })
  return { ends, beats(count: number) { for (let n = 0; n < count; n++) { socket.bytesWritten += perBeat; beat() } } }
}

it('who takes what is sent, however slowly, is kept; who takes nothing is given up', () => {
  const [slow, dead] = [slowly(10), slowly(0)]
  for (const one of [slow, dead]) one.beats(50)
  expect([slow.ends, dead.ends]).toEqual([[], ['silent']])
})
