import { transaction } from '@yardmaster/db'
import { beginPoll } from '@yardmaster/db/verbs/begin-poll'
import { failPoll } from '@yardmaster/db/verbs/fail-poll'
import { recordPoll } from '@yardmaster/db/verbs/record-poll'
import { createClient, createYardClient, changesources } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aConfiguration, aGitPoller } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'

let api: TestApi
beforeAll(async () => { api = await startApi(aConfiguration({ changeSources: [aGitPoller('https://ann:secret@git.example.org/a.git', { name: 'a' }), aGitPoller('/b', { name: 'b', pollInterval: null, reconciles: 'github' })] })) })
afterAll(() => api?.close())

const write = <T>(work: Parameters<typeof transaction<T>>[2]) => transaction(api.db, null, work)

test('a change source says how far it has read, what hinders it, and is polled when asked', async () => {
  const yard = createYardClient({ baseUrl: api.url })
  const [a, b] = await yard.changeSources()
  expect(a).toMatchObject({ name: 'a', kind: 'gitPoller', repository: 'https://ann:***@git.example.org/a.git', reconciles: null, heads: 0, asked: false, pollingOn: null, polledAt: null, failures: 0, trouble: null })
  expect(b).toMatchObject({ name: 'b', reconciles: 'github' })
  expect(await yard.pollChangeSource('b')).toMatchObject({ name: 'b', asked: true })
  expect(await api.db.pool.query(`SELECT action FROM control_actions WHERE thing = 'change_sources'`)).toMatchObject({ rows: [{ action: 'poll' }] })
  const poll = async (claim: number) => (await write(tx => beginPoll(tx, { sourceId: b!.id, claim, replicaId: api.replicaId, seconds: null })))!.claim
  const first = await poll(0)
  expect(await yard.changeSource('b')).toMatchObject({ asked: false, dueAt: null, pollingOn: expect.any(String) })
  await write(tx => failPoll(tx, { sourceId: b!.id, claim: first, trouble: 'no route', pauseSeconds: -1 }))
  expect(await yard.changeSource(b!.id)).toMatchObject({ pollingOn: null, failures: 1, trouble: 'no route', troubleSince: expect.any(Number) })
  const second = await poll(first)
  await write(tx => recordPoll(tx, { sourceId: b!.id, claim: second, generationId: api.generationId, state: { heads: { main: 'r1' } }, changes: [], reconciles: true, more: false }))
  expect(await yard.changeSource('b')).toMatchObject({ heads: 1, read: { main: 'r1' }, failures: 0, trouble: null, polledAt: expect.any(Number) })
  await expect(yard.changeSource('c')).rejects.toMatchObject({ status: 404 })
})

test("Buildbot's clients see them too", async () => {
  const { rows } = await createClient({ baseUrl: api.url }).list(changesources, 'changesources', { order: 'name' })
  expect(rows).toMatchObject([{ name: 'a', master: null }, { name: 'b', master: null }])
  expect(await createClient({ baseUrl: api.url }).one(changesources, `changesources/${rows[0]!.changesourceid}`)).toMatchObject({ name: 'a' })
})
