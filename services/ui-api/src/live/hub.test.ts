import type { EventReader } from '@yardmaster/bus'
import { openDatabase } from '@yardmaster/db'
import type { Envelope } from '@yardmaster/domain'
import { createLogger, manualClock } from '@yardmaster/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { Hub } from './hub.js'
import type { Listener, Message } from './subscriptions.js'

let installation: Installation
beforeAll(async () => { installation = await anInstallation(aConfiguration()) })
afterAll(() => installation.close())

const envelope = (type: Envelope['type'], id: number): Envelope => ({ v: 1, type, id, version: 1, project: null, at: 0 })

let hub: Hub
let reader: EventReader
const clock = manualClock()
const start = (db = installation.db) => {
  hub = new Hub({ db, clock, logger: createLogger({ name: 'test', level: 'silent' }), events: { subscribeEvents(given) {
    reader = given
    return { ready: Promise.resolve(), position: () => null, close: () => Promise.resolve() }
  } } })
}
beforeEach(() => start())
afterEach(() => hub.close())

const tell = (...envelopes: Envelope[]) => reader.onBatch({ incarnation: 'i', sequence: 1, envelopes })

function listener(): Listener & { messages: Message[]; ended: string[] } {
  const [messages, ended]: [Message[], string[]] = [[], []]
  return { messages, ended, send: message => messages.push(message), end: reason => ended.push(reason) }
}

it('ends every listener when events were missed: who comes back reads anew', () => {
  const [one, two] = [listener(), listener()]
  hub.listen('builders/*/*', one)
  hub.listen('builds/7/*', two)
  void reader.onResync()
  expect([one.ended, two.ended]).toEqual([['events were missed'], ['events were missed']])
})

it('a row that is gone is not told, and does not hold up the others', async () => {
  const all = listener()
  hub.listen('builders/*/*', all)
  void tell(envelope('builder.update', 4711), envelope('builder.update', 1))
  await vi.waitFor(() => expect(all.messages.map(message => message.path)).toEqual(['builders/1/update']))
})

it('what could not be read while the database was away is told when it is back, in order and once', async () => {
  await hub.close()
  // A database that nobody can reach, and then the real one.
  const away = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', connections: 1, onConnectionLost: () => {} })
  const db = { ...away }
  start(db)
  const all = listener()
  hub.listen('*/*/*', all)
  void tell(envelope('builder.update', 1))
  await vi.waitFor(async () => {
    await clock.advance(300)
    expect(all.messages).toEqual([])
  })
  void tell(envelope('worker.connected', 1))
  db.pool = installation.db.pool
  await vi.waitFor(async () => {
    await clock.advance(300)
    expect(all.messages.map(message => message.path)).toEqual(['builders/1/update', 'workers/1/connected'])
  })
  await away.close()
})
