import { transaction } from '@yardmaster/db'
import { beginAttempt } from '@yardmaster/db/verbs/begin-attempt'
import { endAttempt } from '@yardmaster/db/verbs/end-attempt'
import { expireNotifications, forgetFeed } from '@yardmaster/db/verbs/expire-notifications'
import { freeAttempts } from '@yardmaster/db/verbs/free-attempts'
import { planNotifications, type NewNotification } from '@yardmaster/db/verbs/plan-notifications'
import { readDueNotifications } from '@yardmaster/db/verbs/read-due-notifications'
import { createYardClient, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'

let api: TestApi
let yard: YardClient
beforeAll(async () => {
  api = await startApi(aConfiguration())
  yard = createYardClient({ baseUrl: api.url })
})
afterAll(() => api?.close())
beforeEach(() => api.db.pool.query('TRUNCATE notifications, notification_targets, report_feed CASCADE'))

const about = { builderId: null, buildRequestId: null, buildId: null, buildsetId: null, workerId: null, poolId: null }
const message = (more: Partial<NewNotification> = {}): NewNotification => ({
  target: 'mail smtp.example.org', subject: 'b1', delivery: 'message', summary: 'failure', deadline: 3600, payload: { to: 'ann' }, reporter: 'mail', kind: 'mail', event: 'finished', onUnknown: 'stop',
  remark: null, about, refused: null, ...more,
})
const status = (more: Partial<NewNotification> = {}) => message({ delivery: 'status', target: 'github api.github.com', subject: 'o/r@1 c', reporter: 'status', ...more })

/** As the planner does: the feed's row goes with it. */
async function plan(...notifications: NewNotification[]): Promise<number[]> {
  const { rows: [fed] } = await api.db.pool.query<{ id: number }>(`INSERT INTO report_feed (set_name, facts) VALUES ('main', '[]') RETURNING id`)
  const written = { generationId: api.generationId, feedIds: [fed!.id], notifications }
  expect(await transaction(api.db, null, tx => planNotifications(tx, written))).toBe('planned')
  expect(await transaction(api.db, null, tx => planNotifications(tx, written))).toBe('lost')
  const { rows } = await api.db.pool.query<{ id: number }>('SELECT id FROM notifications ORDER BY id DESC LIMIT $1', [notifications.length])
  return rows.map(row => row.id).reverse()
}
const begin = (id: number) => transaction(api.db, null, tx => beginAttempt(tx, { id, replicaId: api.replicaId }))
const end = (id: number, outcome: 'sent' | 'again' | 'unknown' | 'refused', more: { attempt?: number; delayMs?: number; limited?: boolean } = {}) =>
  transaction(api.db, null, tx => endAttempt(tx, { id, replicaId: api.replicaId, attempt: 1, outcome, detail: 'so it was', delayMs: 60_000, limited: false, ...more }))
const due = async () => (await readDueNotifications(api.db, 'main')).map(row => row.id)

it('a line is sent in its order, others beside it, and each once', async () => {
  const [first, second, other] = await plan(message(), message(), message({ subject: 'b2' })) as [number, number, number]
  expect(await due()).toEqual([first, other])
  expect(await begin(second)).toBeNull()
  expect(await begin(first)).toMatchObject({ attempt: 1, payload: { to: 'ann' } })
  expect(await begin(first)).toBeNull()
  expect(await begin(second)).toBeNull()
  expect(await end(first, 'sent')).toBe('sent')
  expect(await end(first, 'sent')).toBeNull()
  expect(await due()).toEqual([second, other])
  expect(await yard.notification(first)).toMatchObject({ state: 'sent', detail: 'so it was', payload: { to: 'ann' }, tries: [{ number: 1, outcome: 'sent' }] })
})

it('a message of which nobody knows is not sent again by itself, and its line goes on; a status is', async () => {
  const [mail, behind, shown] = await plan(message(), message(), status()) as [number, number, number]
  await begin(mail)
  await begin(shown)
  await transaction(api.db, null, tx => freeAttempts(tx, { replicaId: api.replicaId }))
  expect((await yard.notification(mail)).state).toBe('unknown')
  expect(await due()).toEqual([behind, shown])
  expect(await end(shown, 'sent')).toBeNull()
  expect((await begin(shown))?.attempt).toBe(2)
  expect(await end(shown, 'unknown', { attempt: 2, delayMs: 0 })).toBe('waiting')
  const again = await yard.controlNotification(mail, 'resend')
  expect(again).toMatchObject({ state: 'waiting', resentOf: mail, attempts: 0 })
  expect((await yard.notifications({ state: ['unknown'] })).notifications.map(row => row.id)).toEqual([mail])
})

it('the newest status of a subject counts', async () => {
  const [pending] = await plan(status()) as [number]
  const [started, done] = await plan(status(), status()) as [number, number]
  expect((await yard.notifications()).notifications.map(({ id, state }) => [id, state])).toEqual([[done, 'waiting'], [started, 'superseded'], [pending, 'superseded']])
  await begin(done)
  const [newest] = await plan(status()) as [number]
  expect(await end(done, 'again')).toBe('superseded')
  expect(await due()).toEqual([newest])
  await expect(yard.controlNotification(done, 'resend')).rejects.toMatchObject({ status: 409 })
})

it('a target that asks for a pause is left alone by all; others are not', async () => {
  const [limited, waits, other] = await plan(status(), status({ subject: 'o/r@2 c' }), message()) as [number, number, number]
  await begin(limited)
  expect(await end(limited, 'again', { limited: true })).toBe('waiting')
  expect(await begin(waits)).toBeNull()
  expect(await due()).toEqual([other])
  expect((await yard.notification(waits)).nextAt).toBeGreaterThan((await yard.notification(waits)).createdAt + 30)
})

it('at most four at once to one target; one that does not answer gets one at a time, until it answers', async () => {
  const ids = await plan(...Array.from({ length: 12 }, (_, index) => status({ subject: `s${index}` })))
  for (const id of ids.slice(0, 4)) expect(await begin(id)).not.toBeNull()
  expect(await begin(ids[4]!)).toBeNull()
  for (const id of ids.slice(0, 4)) await end(id, 'again')
  for (const id of ids.slice(4, 8)) { await begin(id); await end(id, 'again') }
  expect((await api.db.pool.query('SELECT failures, limited_until IS NOT NULL AS paused FROM notification_targets')).rows).toEqual([{ failures: 8, paused: true }])
  await api.db.pool.query(`UPDATE notification_targets SET limited_until = now() - interval '1 second'`)
  expect(await due()).toEqual([ids[8]])
  await begin(ids[8]!)
  expect(await begin(ids[9]!)).toBeNull()
  await end(ids[8]!, 'sent')
  expect(await due()).toEqual(ids.slice(0, 4))
})

it('a deadline ends the tries, and so does whoever gives up', async () => {
  const [late, given] = await plan(status({ deadline: 30 }), message()) as [number, number]
  await begin(late)
  expect(await end(late, 'again')).toBe('gave_up')
  expect(await yard.controlNotification(given, 'give-up')).toMatchObject({ state: 'gave_up', detail: 'given up by order' })
  await expect(yard.controlNotification(given, 'give-up')).rejects.toMatchObject({ status: 409 })
  await expect(yard.notification(4711)).rejects.toMatchObject({ status: 404 })
})

it('whatever the other side calls it, and however long it asks to be left alone, the attempt can be written', async () => {
  const [named, paused] = await plan(message(), status({ deadline: 86_400 })) as [number, number]
  await begin(named)
  await transaction(api.db, null, tx => endAttempt(tx, { id: named, replicaId: api.replicaId, attempt: 1, outcome: 'sent', detail: 'taken\0', reference: 'a\0b', delayMs: 0, limited: false }))
  expect(await yard.notification(named)).toMatchObject({ state: 'sent', detail: 'taken\ufffd', reference: 'a\ufffdb' })
  await begin(paused)
  expect(await end(paused, 'again', { delayMs: 1e300, limited: true })).toBe('waiting')
  const { nextAt, createdAt } = await yard.notification(paused)
  expect(nextAt! - createdAt).toBeLessThan(3_700)
})

it('a message\'s deadline counts from what happened, however late it is planned; a status is worth telling', async () => {
  const { rows: [now] } = await api.db.pool.query<{ at: number }>('SELECT extract(epoch FROM now())::float8 AS at')
  const hoursAgo = now!.at - 2 * 3_600
  const [late, fresh, shown] = await plan(message({ at: hoursAgo }), message({ at: now!.at, subject: 'b2' }), status({ at: hoursAgo })) as [number, number, number]
  expect(await due()).toEqual([fresh, shown])
  expect(await transaction(api.db, null, tx => expireNotifications(tx, { limit: 10 }))).toBe(1)
  expect(await yard.notification(late)).toMatchObject({ state: 'gave_up', detail: 'its deadline is over' })
})

it('a set that nobody serves any more holds no line of another, and what it was fed is forgotten', async () => {
  const [gone, behind] = await plan(message(), message()) as [number, number]
  await api.db.pool.query(`UPDATE notifications SET set_name = 'gone', deadline_at = now() - interval '1 second' WHERE id = $1`, [gone])
  await transaction(api.db, null, tx => expireNotifications(tx, { limit: 10 }))
  expect(await due()).toEqual([behind])
  await api.db.pool.query(`INSERT INTO report_feed (set_name, facts, created_at) VALUES ('gone', '[]', now() - interval '8 days'), ('gone', '[]', now())`)
  expect(await transaction(api.db, null, tx => forgetFeed(tx, { days: 7, limit: 10 }))).toBe(1)
})
