import { openDatabase, type Database } from '@yardmaster/db'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../../../test/kit/database.js'
import { inLane } from './query-lane.js'

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

it('two at a time, twenty wait, the next is refused; all who waited are answered', async () => {
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
  const answers = Array.from({ length: 22 }, () => inLane(db, work))
  await expect(inLane(db, work)).rejects.toMatchObject({ name: 'QueryRefused', status: 503 })
  await both
  open()
  expect(await Promise.all(answers)).toEqual(answers.map(() => 'answered'))
  expect(most).toBe(2)
  expect(await inLane(db, work)).toBe('answered')
})

it('is given up when it takes too long, and its connection is used again', async () => {
  await expect(inLane(db, querier => querier.query('SELECT pg_sleep(60)'), 50)).rejects.toMatchObject({ name: 'QueryRefused', status: 400, message: expect.stringContaining('no index serves it') })
  expect(await inLane(db, async querier => (await querier.query('SHOW statement_timeout')).rows)).toEqual([{ statement_timeout: '10s' }])
  expect((await db.pool.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '0' }])
})

it('what fails otherwise fails as it is', async () => {
  await expect(inLane(db, querier => querier.query('SELECT nonsense'))).rejects.toMatchObject({ code: '42703' })
})
