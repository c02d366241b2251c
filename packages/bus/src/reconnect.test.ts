import { findNatsServer } from '@yardmaster/cli/local'
import type { Envelope } from '@yardmaster/domain'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { programsFolder } from '../../../test/kit/servers.js'
import { connectBus } from './bus.js'
import { busesOf, clock, quiet, random, restartableNats, type RestartableNats } from './testing/buses.js'

let nats: RestartableNats
const buses = busesOf(() => nats.url)
beforeAll(async () => { nats = await restartableNats(await findNatsServer(programsFolder, () => {})) })
afterEach(async () => {
  await nats.start()
  await buses.closeAll()
})
afterAll(() => nats.remove())

const envelope = (id: number): Envelope => ({ v: 1, type: 'build.update', id, version: 1, project: null, at: 0 })
const batch = (id: number) => ({ id, envelopes: [envelope(id)] })

test.each(['stop', 'kill'] as const)('through a %s and a start of NATS, a reader misses and doubles nothing', async way => {
  const bus = await buses.connect(random.uuid())
  const ids: number[] = []
  let resyncs = 0
  const subscription = bus.subscribeEvents({ from: 'new', onBatch: ({ envelopes }) => { ids.push(...envelopes.map(({ id }) => id)) }, onResync: () => { resyncs += 1 } })
  await subscription.ready
  let next = 1
  const published: number[] = []
  const publishUntil = async (last: number) => {
    while (next <= last) {
      const done = await bus.publishEvents([batch(next)]).catch(() => [])
      if (done.length === 0) await clock.sleep(10)
      else published.push(next++)
    }
  }
  await publishUntil(50)
  const publishing = publishUntil(200)
  await nats[way]()
  await expect.poll(() => bus.connected()).toBe(false)
  await nats.start()
  await publishing
  await expect.poll(() => ids.length).toBeGreaterThanOrEqual(200)
  expect(ids).toEqual(published)
  expect(resyncs).toBe(0)
})

test('after a reconnect every listener is woken once, and a wake meanwhile is dropped', async () => {
  const bus = await buses.connect(random.uuid())
  const calls: unknown[][] = []
  bus.onWake('requests', payloads => calls.push(payloads))
  bus.onWake('changes', payloads => calls.push(payloads))
  await nats.stop()
  await expect.poll(() => bus.connected()).toBe(false)
  bus.wake('requests', 'lost')
  await nats.start()
  await expect.poll(() => calls).toEqual([[], []])
  bus.wake('requests', 'told')
  await expect.poll(() => calls).toEqual([[], [], ['told']])
})

test('a process that starts before NATS waits for it, and can be stopped while it does', async () => {
  await nats.stop()
  const abort = new AbortController()
  const given = { url: nats.url, installation: random.uuid(), name: 'early', logger: quiet, clock }
  const stopped = connectBus({ ...given, signal: abort.signal })
  const patient = buses.connect(random.uuid())
  abort.abort(new Error('stopped'))
  await expect(stopped).rejects.toThrow('stopped')
  await nats.start()
  expect((await patient).connected()).toBe(true)
})

test('a close while NATS is away does not wait for it', async () => {
  const bus = await buses.connect(random.uuid())
  const subscription = bus.subscribeEvents({ from: 'new', onBatch() {}, onResync() {} })
  await subscription.ready
  await nats.stop()
  await expect.poll(() => bus.connected()).toBe(false)
  await bus.close()
  expect(bus.connected()).toBe(false)
})
