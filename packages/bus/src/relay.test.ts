import type { OutboxBatch } from '@yardmaster/db/verbs/relay-outbox'
import type { Envelope } from '@yardmaster/domain'
import { afterEach, expect, inject, test } from 'vitest'
import { startRelay, type OutboxReader, type RelayOptions } from './relay.js'
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
  const outbox: OutboxReader = {
    read: async ({ limit }) => [...rows.values()].sort((a, b) => a.id - b.id).slice(0, limit),
    remove: async removed => removed.forEach(id => rows.delete(id)),
  }
  const relay = startRelay({ bus, outbox, holdsDuty: async () => true, clock, logger: quiet, ...more })
  stops.push(() => relay.stop())
  return { bus, ids, relay, rows, commit: (id: number) => rows.set(id, row(id)) }
}

const nobodySweeps = { holdsDuty: async () => false }
const countedTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

test('what a process has committed it sends itself, in order and however much, and leaves nothing', async () => {
  const { commit, ids, relay, rows } = await setUp(nobodySweeps)
  for (const id of countedTo(1000)) {
    commit(id)
    relay.tell(row(id))
  }
  await expect.poll(() => ids.length).toBe(1000)
  await expect.poll(() => rows.size).toBe(0)
  expect(ids).toEqual(countedTo(1000))
})

test('the sweep finds what nobody sent, also a row that commits late with an earlier id', async () => {
  const { commit, ids } = await setUp()
  commit(8)
  await expect.poll(() => ids).toEqual([8])
  commit(7)
  await expect.poll(() => ids).toEqual([8, 7])
})

test('the sweep asks for rows that are not on their way from whoever committed them', async () => {
  const asked: { olderThanMs: number }[] = []
  await setUp({ outbox: { read: async query => { asked.push(query); return [] }, remove: async () => {} } })
  await expect.poll(() => asked.length).toBeGreaterThan(0)
  expect(asked[0]!.olderThanMs).toBe(2_000)
})

test('whoever does not hold the duty sweeps nothing', async () => {
  let [holds, asked] = [false, 0]
  const { commit, ids, rows } = await setUp({ holdsDuty: async () => { asked++; return holds } })
  commit(1)
  await expect.poll(() => asked).toBeGreaterThan(1)
  expect({ left: rows.size, ids }).toEqual({ left: 1, ids: [] })
  holds = true
  await expect.poll(() => ids).toEqual([1])
})

test('a row that could not be removed is sent again, and stored once', async () => {
  let fails = true
  const rows = [row(1)]
  const outbox = { read: async () => [...rows], remove: async () => { if (fails) throw new Error('the database is away'); rows.length = 0 } }
  const errors: unknown[] = []
  const { ids, relay } = await setUp({ outbox, onError: error => errors.push(error) })
  relay.tell(row(1))
  await expect.poll(() => errors.length).toBeGreaterThan(1)
  fails = false
  await expect.poll(() => rows.length).toBe(0)
  expect(ids).toEqual([1])
})
