import { EventsGone, type EventBatch, type EventReader } from '@yardmaster/bus'
import { openDatabase } from '@yardmaster/db'
import type { Envelope } from '@yardmaster/domain'
import { createLogger, manualClock } from '@yardmaster/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { settles } from '../../../../test/kit/until.js'
import { aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { Hub } from './hub.js'
import type { Joined, Listener } from './listener.js'

let installation: Installation
beforeAll(async () => { installation = await anInstallation(aConfiguration()) })
afterAll(() => installation.close())

const envelope = (type: Envelope['type'], id: number): Envelope => ({ v: 1, type, id, version: 1, project: null, at: 0 })
const builderUpdate = envelope('builder.update', 1)

let hub: Hub
let reader: EventReader
/** What JetStream has; the hub is told of it by `tell`. */
let stored: EventBatch[] = []
let kept = 1
const clock = manualClock()

function start({ db = installation.db, at = 0 } = {}) {
  stored = []
  kept = 1
  hub = new Hub({ db, clock, logger: createLogger({ name: 'test', level: 'silent' }), events: {
    subscribeEvents(given) {
      reader = given
      return { ready: Promise.resolve(), position: () => ({ incarnation: '7', sequence: at }), close: () => Promise.resolve() }
    },
    history: {
      bounds: () => Promise.resolve({ incarnation: '7', first: kept, last: stored.length }),
      readAfter: ({ sequence }, most) => (sequence + 1 < kept ? Promise.reject(new EventsGone('purged')) : Promise.resolve(stored.slice(sequence, sequence + most))),
    },
  } })
}
beforeEach(() => start())
afterEach(() => hub.close())

const store = (...envelopes: Envelope[]): EventBatch => {
  const batch = { incarnation: '7', sequence: stored.length + 1, envelopes }
  stored.push(batch)
  return batch
}
const tell = (...envelopes: Envelope[]) => reader.onBatch(store(...envelopes))

type Heard = Listener & { heard: string[]; joins: Joined[]; said: string[] }

function listener(): Heard {
  const [heard, joins, said]: [string[], Joined[], string[]] = [[], [], []]
  return {
    heard, joins, said,
    joined: joined => joins.push(joined), send: ({ path, place }) => heard.push(`${place} ${path}`), flush() {}, missed: place => said.push(`missed ${place}`), end: why => said.push(why),
  }
}

async function join(patterns: string[], after: string | null = null): Promise<Heard> {
  const one = listener()
  hub.join(one, patterns, after)
  await settles(() => expect(one.joins).toHaveLength(1))
  return one
}

it('tells everybody when events were missed, and goes on behind them', async () => {
  const [one, two] = [await join(['builders/*/*']), await join(['builds/7/*'])]
  for (let n = 0; n < 3; n++) store(builderUpdate)
  void reader.onResync({ incarnation: '7', sequence: 3 })
  await settles(() => expect([one.said, two.said]).toEqual([['missed 7:3'], ['missed 7:3']]))
  void tell(builderUpdate)
  await settles(() => expect(one.heard).toEqual(['7:4.1 builders/1/update']))
})

it('a row that is gone is not told, and does not hold up the others', async () => {
  const all = await join(['builders/*/*'])
  void tell(envelope('builder.update', 4711), builderUpdate)
  await settles(() => expect(all.heard).toEqual(['7:1.2 builders/1/update']))
})

it('what could not be read while the database was away is told when it is back, in order and once', async () => {
  await hub.close()
  // A database that nobody can reach, and then the real one.
  const away = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', connections: 1, onConnectionLost: () => {} })
  const db = { ...away }
  start({ db })
  const all = await join(['*/*/*'])
  void tell(builderUpdate)
  await settles(async () => {
    await clock.advance(300)
    expect(all.heard).toEqual([])
  })
  void tell(envelope('worker.connected', 1))
  db.pool = installation.db.pool
  await settles(async () => {
    await clock.advance(300)
    expect(all.heard).toEqual(['7:1.1 builders/1/update', '7:2.1 workers/1/connected'])
  })
  await away.close()
})

describe('who comes back', () => {
  it('gets what followed, in the middle of a commit too, and then what comes', async () => {
    const all = await join(['builders/*/*'])
    for (let n = 0; n < 3; n++) void tell(builderUpdate, builderUpdate)
    await settles(() => expect(all.heard).toHaveLength(6))
    const places = all.heard.map(text => text.split(' ')[0] ?? '')
    for (const [index, place] of places.entries()) {
      const again = await join(['builders/*/*'], place)
      expect(again.joins).toEqual([{ place, resync: false }])
      await settles(() => expect(again.heard).toEqual(all.heard.slice(index + 1)))
      hub.leave(again)
    }
    const last = await join(['builders/*/*'], places[2])
    void tell(builderUpdate)
    await settles(() => expect(last.heard).toEqual([...all.heard.slice(3, 6), '7:4.1 builders/1/update']))
  })

  it('to a replica that has just started gets it from JetStream', async () => {
    await hub.close()
    start({ at: 1_000 })
    for (let n = 0; n < 1_000; n++) store(builderUpdate)
    const again = await join(['builders/*/*'], '7:300')
    void tell(builderUpdate)
    await settles(() => expect(again.heard).toEqual(Array.from({ length: 701 }, (_, n) => `7:${301 + n}.1 builders/1/update`)))
    expect(again.said).toEqual([])
  })

  it('from a replica that is ahead hears nothing twice', async () => {
    const seen = store(builderUpdate, builderUpdate)
    const again = await join(['builders/*/*'], '7:1.1')
    expect(again.joins).toEqual([{ place: '7:1.1', resync: false }])
    expect(hub.placeOf(again)).toBe('7:1.1')
    void reader.onBatch(seen)
    await settles(() => expect(again.heard).toEqual(['7:1.2 builders/1/update']))
    expect(hub.placeOf(again)).toBe('7:1')
  })

  it.each([['of another life of the stream', '6:1'], ['beyond its end', '7:9'], ['that is none', 'abc'], ['too far behind', '7:1', 20_002]])('at a place %s begins at the present', async (_what, after, at = 2) => {
    await hub.close()
    start({ at })
    for (let n = 0; n < 2; n++) store(builderUpdate)
    const again = await join(['builders/*/*'], after)
    expect(again.joins).toEqual([{ place: `7:${at}`, resync: true }])
  })

  it('too late, when it is no longer kept, is told so and goes on', async () => {
    await hub.close()
    start({ at: 9 })
    for (let n = 0; n < 9; n++) store(builderUpdate)
    kept = 5
    const again = await join(['builders/*/*'], '7:2')
    await settles(() => expect(again.said).toEqual(['missed 7:9']))
    void tell(builderUpdate)
    await settles(() => expect(again.heard).toEqual(['7:10.1 builders/1/update']))
  })

  it('with many others from many places: each gets its own', async () => {
    const witness = await join(['builders/*/*'])
    for (let n = 0; n < 50; n++) void tell(builderUpdate)
    await settles(() => expect(witness.heard).toHaveLength(50))
    const those = Array.from({ length: 60 }, (_, n) => ({ from: (n * 37) % 51, one: listener() }))
    for (const { from, one } of those) hub.join(one, ['builders/*/*'], `7:${from}`)
    void tell(builderUpdate)
    await settles(() => { for (const { from, one } of those) expect(one.heard).toEqual(Array.from({ length: 51 - from }, (_, n) => `7:${from + n + 1}.1 builders/1/update`)) })
  })
})
