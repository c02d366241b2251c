import type { OutboxBatch } from '@yardmaster/db/verbs/relay-outbox'
import type { Envelope } from '@yardmaster/domain'
import { afterEach, expect, inject, test } from 'vitest'
import { startRelay, type RelayOptions } from './relay.js'
import { busesOf, clock, quiet, random } from './testing/buses.js'

const buses = busesOf(() => inject('natsUrl'))
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map(stop => stop()))
  await buses.closeAll()
})

const row = (id: number): OutboxBatch => ({ id, envelopes: [{ v: 1, type: 'build.new', id, version: 1, project: null, at: 0 } satisfies Envelope] })

async function setUp(more: Partial<RelayOptions> = {}) {
  const bus = await buses.connect(random.uuid())
  const rows = new Map<number, OutboxBatch>()
  const ids: number[] = []
  const subscription = bus.subscribeEvents({ from: 'new', onBatch: ({ envelopes }) => { ids.push(...envelopes.map(({ id }) => id)) }, onResync() {} })
  await subscription.ready
  const outbox = {
    read: async (limit: number) => [...rows.values()].sort((a, b) => a.id - b.id).slice(0, limit),
    remove: async (removed: number[]) => removed.forEach(id => rows.delete(id)),
  }
  const relay = startRelay({ bus, outbox, holdsDuty: async () => true, clock, logger: quiet, ...more })
  stops.push(() => relay.stop())
  return { bus, ids, relay, rows, commit: (id: number) => rows.set(id, row(id)) }
}

test('a wake moves what is there, however much, and leaves nothing', async () => {
  const { bus, commit, ids, rows } = await setUp()
  for (let id = 1; id <= 1000; id++) commit(id)
  bus.wake('outbox')
  await expect.poll(() => ids.length).toBe(1000)
  await expect.poll(() => rows.size).toBe(0)
  expect(ids).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1))
})

test('without any wake the sweep finds it, also a row that commits late with an earlier id', async () => {
  const { commit, ids } = await setUp()
  commit(8)
  await expect.poll(() => ids, { timeout: 5000 }).toEqual([8])
  commit(7)
  await expect.poll(() => ids, { timeout: 5000 }).toEqual([8, 7])
})

test('whoever does not hold the duty touches nothing', async () => {
  let holds = false
  const { commit, ids, relay, rows } = await setUp({ holdsDuty: async () => holds })
  commit(1)
  relay.notify()
  await relay.settled()
  expect(rows.size).toBe(1)
  holds = true
  relay.notify()
  await expect.poll(() => ids).toEqual([1])
})

test('a row that could not be removed is sent again, and stored once', async () => {
  let fails = true
  const rows = [row(1)]
  const outbox = { read: async () => [...rows], remove: async () => { if (fails) throw new Error('the database is away'); rows.length = 0 } }
  const errors: unknown[] = []
  const { ids, relay } = await setUp({ outbox, onError: error => errors.push(error) })
  await expect.poll(() => errors.length).toBeGreaterThan(1)
  fails = false
  await expect.poll(() => rows.length, { timeout: 5000 }).toBe(0)
  await relay.settled()
  expect(ids).toEqual([1])
})
