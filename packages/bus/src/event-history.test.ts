import type { Envelope } from '@yardmaster/domain'
import { afterEach, expect, inject, test } from 'vitest'
import { connect } from 'nats'
import { EventsGone } from './event-history.js'
import { natsOptions } from './nats-options.js'
import { subjectsOf } from './subjects.js'
import { busesOf, random } from './testing/buses.js'

const buses = busesOf(() => inject('natsUrl'))
afterEach(() => buses.closeAll())

const envelope = (id: number): Envelope => ({ v: 1, type: 'build.update', id, version: 1, project: null, at: 0 })

test('reads what followed a position, as far as it is kept', async () => {
  const installation = random.uuid()
  const { history, publishEvents } = await buses.connect(installation)
  await expect(history.bounds()).rejects.toThrow(EventsGone)
  await publishEvents(Array.from({ length: 600 }, (_, n) => ({ id: n + 1, envelopes: [envelope(n + 1)] })))
  const { incarnation, first, last } = await history.bounds()
  expect([first, last]).toEqual([1, 600])
  const read = async (sequence: number, most: number) => (await history.readAfter({ incarnation, sequence }, most)).map(batch => [batch.sequence, batch.envelopes[0]?.id])
  expect(await read(0, 3)).toEqual([[1, 1], [2, 2], [3, 3]])
  expect(await read(598, 100)).toEqual([[599, 599], [600, 600]])
  expect(await read(600, 100)).toEqual([])
  expect(await read(0, 600)).toHaveLength(600)
  await expect(read(601, 1)).rejects.toThrow('event 602 is not kept')
  await expect(history.readAfter({ incarnation: '1', sequence: 5 }, 1)).rejects.toThrow(EventsGone)
  const connection = await connect(natsOptions(inject('natsUrl')))
  await (await connection.jetstreamManager()).streams.purge(subjectsOf(installation).stream, { seq: 10 })
  await connection.close()
  await expect(read(8, 1)).rejects.toThrow(EventsGone)
  expect(await read(9, 1)).toEqual([[10, 10]])
})
