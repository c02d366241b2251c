import { Socket } from 'node:net'
import { createLogger, manualClock } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { Refusals } from './refusals.js'
import { Strangers } from './strangers.js'

test('when there are too many strangers the oldest goes, and who is known stays', async () => {
  const clock = manualClock()
  const strangers = new Strangers(clock, { most: 2 })
  const sockets = Array.from({ length: 4 }, () => new Socket())
  const [worker, oldest] = sockets
  strangers.meet(worker!)
  strangers.know(worker!)
  for (const socket of sockets.slice(1)) strangers.meet(socket)
  expect(sockets.map(socket => socket.destroyed)).toEqual([false, true, false, false])
  await clock.advance(10_000)
  expect(sockets.map(socket => socket.destroyed)).toEqual([false, true, true, true])
  strangers.part(oldest!)
})

test('who is refused again and again is told of once in a while, with a number', async () => {
  const clock = manualClock()
  const lines: { msg: string; times?: number; worker?: string }[] = []
  const refusals = new Refusals(clock, createLogger({ name: 'test', destination: { write: line => { lines.push(JSON.parse(line) as (typeof lines)[number]) } } }))
  for (let n = 0; n < 100; n++) refusals.note({ worker: 'w1', from: '10.0.0.1', admission: 'refused' })
  for (let n = 0; n < 100; n++) refusals.note({ worker: `guess ${n}`, from: '10.0.0.1', admission: 'refused' })
  expect(lines).toHaveLength(20)
  await clock.advance(10_000)
  expect(lines.at(-1)).toMatchObject({ times: 180 })
  await clock.advance(60_000)
  expect(lines).toHaveLength(21)
  refusals.note({ worker: 'w1', from: '10.0.0.1', admission: 'refused' })
  expect(lines.at(-1)).toMatchObject({ worker: 'w1' })
  refusals.close()
})
