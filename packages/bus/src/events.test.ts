import type { Envelope } from '@yardmaster/domain'
import { afterEach, expect, inject, test } from 'vitest'
import { connect } from 'nats'
import type { Bus } from './bus.js'
import { natsOptions } from './nats-options.js'
import { subjectsOf } from './subjects.js'
import type { EventBatch, EventReader } from './event-subscription.js'
import { busesOf, random } from './testing/buses.js'

const buses = busesOf(() => inject('natsUrl'))
afterEach(() => buses.closeAll())

const envelope = (id: number): Envelope => ({ v: 1, type: 'build.update', id, version: 1, project: null, at: 0 })
const batch = (id: number, envelopes = [envelope(id)]) => ({ id, envelopes })
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

function read(bus: Bus, from: EventReader['from'] = 'new') {
  const batches: EventBatch[] = []
  const ids: number[] = []
  let resyncs = 0
  const subscription = bus.subscribeEvents({
    from,
    onBatch: one => { batches.push(one); ids.push(...one.envelopes.map(({ id }) => id)) },
    onResync: () => { resyncs += 1 },
  })
  return { batches, ids, subscription, ready: subscription.ready, resyncs: () => resyncs }
}

async function withManager(work: (manager: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['jetstreamManager']>>) => Promise<unknown>) {
  const connection = await connect(natsOptions(inject('natsUrl')))
  try {
    await work(await connection.jetstreamManager())
  } finally {
    await connection.close()
  }
}

test('what is published after a reader is ready reaches it once and in order', async () => {
  const installation = random.uuid()
  const [writer, reader] = [await buses.connect(installation), await buses.connect(installation)]
  await writer.publishEvents([batch(1)])
  const seen = read(reader)
  await seen.ready
  expect(await writer.publishEvents(range(2, 1002).map(id => batch(id)))).toHaveLength(1000)
  // An acknowledgement that was lost: the row is published again.
  expect(await writer.publishEvents([batch(1001), batch(1002, [envelope(1002), envelope(1003)])])).toEqual([1001, 1002])
  await expect.poll(() => seen.ids.length).toBeGreaterThanOrEqual(1002)
  expect(seen.ids).toEqual(range(2, 1004))
  expect(seen.batches.at(-1)?.envelopes).toHaveLength(2)
  expect(seen.resyncs()).toBe(0)
})

test('a commit larger than a NATS message gets through, in order', async () => {
  const bus = await buses.connect(random.uuid())
  const seen = read(bus)
  await seen.ready
  const many = range(0, 20_000).map(envelope)
  expect(JSON.stringify(many).length).toBeGreaterThan(1024 * 1024)
  expect(await bus.publishEvents([batch(1, many)])).toEqual([1])
  await expect.poll(() => seen.ids.length).toBe(20_000)
  expect(seen.ids).toEqual(range(0, 20_000))
})

test('a reader goes on from a position', async () => {
  const bus = await buses.connect(random.uuid())
  const first = read(bus)
  await first.ready
  await bus.publishEvents([batch(1), batch(2), batch(3)])
  await expect.poll(() => first.ids).toEqual([1, 2, 3])
  const { incarnation, sequence } = first.batches[0] ?? { incarnation: '', sequence: 0 }
  const second = read(bus, { incarnation, sequence })
  await expect.poll(() => second.ids).toEqual([2, 3])
  expect(second.resyncs()).toBe(0)
  expect(second.subscription.position()).toEqual(first.subscription.position())
})

test.each<[string, (at: { incarnation: string; sequence: number }) => { incarnation: string; sequence: number }]>([
  ['of another life of the stream', at => ({ incarnation: '1', sequence: at.sequence })],
  ['beyond the end', at => ({ ...at, sequence: at.sequence + 50 })],
])('a position %s is a resync, and reading goes on at the end', async (_name, move) => {
  const bus = await buses.connect(random.uuid())
  const first = read(bus)
  await first.ready
  await bus.publishEvents([batch(1), batch(2)])
  await expect.poll(() => first.ids).toEqual([1, 2])
  const at = first.subscription.position()
  if (!at) throw new Error('no position')
  const second = read(bus, move(at))
  await second.ready
  expect(second.resyncs()).toBe(1)
  await bus.publishEvents([batch(3)])
  await expect.poll(() => second.ids).toEqual([3])
})

test('what was purged behind a reader is told as a resync', async () => {
  const installation = random.uuid()
  const bus = await buses.connect(installation)
  const first = read(bus)
  await first.ready
  await bus.publishEvents([batch(1)])
  await expect.poll(() => first.ids).toEqual([1])
  const at = first.subscription.position()
  await first.subscription.close()
  await bus.publishEvents([batch(2), batch(3)])
  await withManager(manager => manager.streams.purge(subjectsOf(installation).stream))
  const second = read(bus, at ?? 'new')
  await second.ready
  expect(second.resyncs()).toBe(1)
  await bus.publishEvents([batch(4)])
  await expect.poll(() => second.ids).toEqual([4])
})

test('a stream that is deleted is made anew: the publisher goes on, the reader is told to resync and goes on', async () => {
  const installation = random.uuid()
  const bus = await buses.connect(installation)
  const seen = read(bus)
  await seen.ready
  await bus.publishEvents([batch(1)])
  await expect.poll(() => seen.ids).toEqual([1])
  await withManager(manager => manager.streams.delete(subjectsOf(installation).stream))
  await expect.poll(() => seen.resyncs()).toBe(1)
  await expect.poll(() => bus.publishEvents([batch(2)])).toEqual([2])
  await expect.poll(() => seen.ids).toEqual([1, 2])
})

test('a reader whose own code throws keeps reading', async () => {
  const bus = await buses.connect(random.uuid())
  const ids: number[] = []
  const subscription = bus.subscribeEvents({ from: 'new', onResync() {}, onBatch({ envelopes }) { ids.push(...envelopes.map(({ id }) => id)); throw new Error('a bug') } })
  await subscription.ready
  await bus.publishEvents([batch(1), batch(2)])
  await expect.poll(() => ids).toEqual([1, 2])
})

test('the limits of the stream follow the options', async () => {
  const installation = random.uuid()
  const before = await buses.connect(installation)
  await before.publishEvents([batch(1)])
  const after = await buses.connect(installation, { events: { maxAgeMs: 3_600_000, maxBytes: 1024 * 1024 } })
  await after.publishEvents([batch(2)])
  await withManager(async manager => {
    const { config, state } = await manager.streams.info(subjectsOf(installation).stream)
    expect([config.max_age, config.max_bytes, config.discard, config.storage, state.messages]).toEqual([3_600_000_000_000, 1024 * 1024, 'old', 'file', 2])
  })
})
