import { openDatabase, type Database } from '@yardmaster/db'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../../../test/kit/database.js'
import { until } from '../../../../../test/kit/until.js'
import { systemClock } from '@yardmaster/runtime'
import { inLane, type Asker, type Asking } from './query-lane.js'

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await freshDatabase()
  db = openDatabase({ url: database.url, connections: 8, onConnectionLost: () => {} })
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const nothing = () => {}
const by = (client: string, asker: Partial<Asker> = {}): Asking => ({ db, clock: systemClock(), asker: { client, rank: 'others', leave: nothing, onGone: nothing, ...asker } })

it('two at a time, twenty of one client wait, the next is refused; all who waited are answered', async () => {
  let running = 0
  let most = 0
  let open = () => {}
  const gate = new Promise<void>(resolve => { open = resolve })
  let begun = () => {}
  const both = new Promise<void>(resolve => { begun = resolve })
  const work = async () => {
    most = Math.max(most, ++running)
    if (running === 2) begun()
    await gate
    running--
    return 'answered'
  }
  const answers = Array.from({ length: 22 }, () => inLane(by('a'), work))
  await expect(inLane(by('a'), work)).rejects.toMatchObject({ name: 'QueryRefused', status: 503 })
  await both
  open()
  expect(await Promise.all(answers)).toEqual(answers.map(() => 'answered'))
  expect(most).toBe(2)
  expect(await inLane(by('a'), work)).toBe('answered')
})

it('clients take turns, people come first, and who waits keeps no place elsewhere', async () => {
  const begun: string[] = []
  const ends: (() => void)[] = []
  let left = 0
  const ask = (client: string, asker: Partial<Asker> = {}) => inLane(by(client, { leave: () => { left++ }, ...asker }), () => new Promise<void>(resolve => {
    begun.push(client)
    ends.push(resolve)
  }))
  const answers = [...['running', 'running', 'greedy', 'greedy', 'greedy'].map(client => ask(client)), ask('modest'), ask('person', { rank: 'people' })]
  await expect(ask('gone', { onGone: call => call() })).rejects.toMatchObject({ name: 'QueryRefused' })
  expect(left).toBe(8)
  for (let running = 2; running <= 7; running++) {
    await until(`${running} have begun`, () => begun.length === running)
    ends.shift()?.()
  }
  ends.shift()?.()
  await Promise.all(answers)
  expect(begun).toEqual(['running', 'running', 'person', 'greedy', 'modest', 'greedy', 'greedy'])
})

it('is given up when it takes too long, and its connection is used again', async () => {
  await expect(inLane(by('a'), querier => querier.query('SELECT pg_sleep(60)'), 50)).rejects.toMatchObject({ name: 'QueryRefused', status: 400, message: expect.stringContaining('no index serves it') })
  expect(await inLane(by('a'), async querier => (await querier.query('SHOW statement_timeout')).rows)).toEqual([{ statement_timeout: '10s' }])
  expect((await db.pool.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '0' }])
})

it('what fails otherwise fails as it is', async () => {
  await expect(inLane(by('a'), querier => querier.query('SELECT nonsense'))).rejects.toMatchObject({ code: '42703' })
})
