import { transaction } from '@yardmaster/db'
import { acceptDeliveries } from '@yardmaster/db/verbs/accept-deliveries'
import { findDeliveries } from '@yardmaster/db/verbs/find-deliveries'
import { redeliver } from '@yardmaster/db/verbs/redeliver'
import { sweepDeliveries } from '@yardmaster/db/verbs/sweep-deliveries'
import { takeDelivery } from '@yardmaster/db/verbs/take-delivery'
import { hostHookDefaults, noChangeHooks, type Json } from '@yardmaster/domain'
import { githubPull, startFakeGithub, type FakeGithub } from '@yardmaster/integrations/testing'
import { createLogger, systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { deliveryDue } from './delivery-due.js'

let github: FakeGithub
let world: Installation
let answer: () => Promise<Json>
const secrets = { get: (name: string) => (name === 'github' ? 'a token' : undefined) }
const sha = 'a'.repeat(40)

beforeAll(async () => {
  github = await startFakeGithub()
  github.tokens.set('a token', { login: 'yard', right: 'write', app: null, repositories: null })
  github.addRepository('o/hello')
  github.addPull('o/hello', { number: 7, head: { sha, ref: 'topic' }, files: [{ filename: 'x.c' }] })
  world = await anInstallation(aConfiguration({ changeHooks: { ...noChangeHooks, github: { ...hostHookDefaults, token: { $secret: 'github' }, apiUrl: github.url, on: { label: { $fn: 'f' } } } } }))
})
afterAll(async () => {
  await world?.close()
  await github?.close()
})
beforeEach(async () => {
  github.setMishaps(() => null)
  await world.db.pool.query('DELETE FROM deliveries')
})

/** A scheduler whose configuration threads answer as the test says. */
function worker(replicaId = world.replicaId, stopping = new AbortController().signal) {
  const threads = { callPatiently: () => answer(), call: () => answer() }
  return deliveryDue({
    db: world.db, fence: { replicaId }, clock: systemClock(), logger: createLogger({ name: 'test', level: 'error' }), secrets, stopping,
    active: () => ({ configuration: world.configuration, threads: threads as never }),
  })
}

async function accept(key: string, event: string, payload: Json, repository = 'o/hello'): Promise<number> {
  await transaction(world.db, null, tx => acceptDeliveries(tx, [{ source: 'github', key, hashed: false, event, repository, payload: JSON.stringify(payload), generationId: world.generationId, note: '', changes: null }]))
  const { rows: [row] } = await world.db.pool.query<{ id: number }>('SELECT id FROM deliveries WHERE key = $1', [key])
  return row!.id
}
const work = (delivery: number, by = worker()) => by({ data: { delivery }, signal: new AbortController().signal })
const of = async (id: number) => (await world.db.pool.query('SELECT state, attempts, note, error, (SELECT count(*)::int FROM changes WHERE delivery_id = d.id) AS changes FROM deliveries d WHERE id = $1', [id])).rows[0]
const now = (id: number) => world.db.pool.query("UPDATE deliveries SET next_at = now() - interval '1 second' WHERE id = $1", [id])

test('a function that fails is called again and again, at first before those behind it, until the message has failed; redelivered, it makes its changes once', async () => {
  answer = () => Promise.reject(new Error('the tracker is away'))
  const id = await accept('fails', 'label', {})
  const behind = await accept('behind', 'pull_request', githubPull({ number: 7, sha }))
  for (let attempt = 1; attempt <= 12; attempt++) {
    if (attempt <= 6) {
      await work(behind)
      expect(await of(behind)).toMatchObject({ state: 'pending', attempts: 0 })
    }
    await work(id)
    expect(await of(id)).toMatchObject({ state: attempt < 12 ? 'pending' : 'failed', attempts: attempt, error: 'the tracker is away', changes: 0 })
    await work(id)
    expect(await of(id)).toMatchObject({ attempts: attempt })
    await now(id)
    if (attempt !== 6) continue
    await work(behind)
    expect(await of(behind)).toMatchObject({ state: 'done', changes: 1 })
  }
  expect(await transaction(world.db, null, tx => redeliver(tx, { deliveryId: id, actor: 'user:ann' }))).toBe(true)
  answer = () => Promise.resolve([{ branch: 'main', revision: 'told' }])
  await Promise.all([work(id), work(id), work(id)])
  expect(await of(id)).toEqual({ state: 'done', attempts: 1, note: '1 change found by the function of the configuration', error: null, changes: 1 })
})

test('messages of many repositories that wait for their next attempt are not in the way of others', async () => {
  const waiting = [await accept('w1', 'label', {}, 'o/1'), await accept('w2', 'label', {}, 'o/2')]
  await world.db.pool.query(`UPDATE deliveries SET attempts = 1, next_at = now() + interval '1 hour' WHERE id = ANY($1)`, [waiting])
  const id = await accept('can be worked on', 'label', {}, 'o/3')
  expect((await findDeliveries(world.db, { set: 'main', limit: 2 })).due).toEqual([{ id, attempts: 0 }])
})

test('of a message that two work on, because the first was thought dead, only the later result counts', async () => {
  const first: { resolve: (value: Json) => void } = { resolve: () => {} }
  answer = () => new Promise(resolve => { first.resolve = resolve })
  const id = await accept('twice', 'label', {})
  const early = work(id)
  await expect.poll(async () => (await of(id))?.attempts).toBe(1)
  await now(id)
  const started = first.resolve
  answer = () => Promise.resolve([{ branch: 'main', revision: 'of the second' }])
  await work(id)
  started([{ branch: 'main', revision: 'of the first' }])
  await early
  expect((await world.db.pool.query('SELECT revision FROM changes WHERE delivery_id = $1', [id])).rows).toEqual([{ revision: 'of the second' }])
})

test('who stops leaves it, and once his row says so another takes it at once', async () => {
  const stopping = new AbortController()
  answer = () => new Promise((_resolve, reject) => { stopping.signal.addEventListener('abort', () => reject(new Error('stopped'))) })
  const id = await accept('left', 'label', {})
  const { rows: [other] } = await world.db.pool.query<{ id: number }>(`INSERT INTO replicas (role, name, host, pid, software_version) VALUES ('scheduler', 'other', 'x', 2, '0') RETURNING id`)
  const leaving = work(id, worker(other!.id, stopping.signal)).catch(() => {})
  await expect.poll(async () => (await of(id))?.attempts).toBe(1)
  stopping.abort()
  await leaving
  expect((await findDeliveries(world.db, { set: 'main', limit: 10 })).due).toEqual([])
  await world.db.pool.query(`UPDATE replicas SET state = 'dead' WHERE id = $1`, [other!.id])
  expect((await findDeliveries(world.db, { set: 'main', limit: 10 })).due).toEqual([{ id, attempts: 1 }])
  answer = () => Promise.resolve([])
  await work(id)
  expect(await of(id)).toMatchObject({ state: 'done', changes: 0 })
})

test('a pull request whose files the host never tells is built without them, and one whose head commit asks to be skipped is not', async () => {
  github.setMishaps(({ path }) => (path.endsWith('/files') ? { act: 'answer', status: 500, done: false, body: { message: 'a token' } } : null))
  const id = await accept('no files', 'pull_request', githubPull({ number: 7, sha }))
  for (let attempt = 1; attempt <= 6; attempt++) { await work(id); await now(id) }
  expect(await of(id)).toMatchObject({ state: 'done', changes: 1, note: expect.stringMatching(/^1 change found; its files are not known: .*500/) })
  expect(JSON.stringify(await of(id))).not.toContain('a token')
  github.setMishaps(({ path }) => (path.endsWith(`/commits/${sha}`) ? { act: 'answer', status: 200, done: false, body: { commit: { message: 'x [skip ci]' } } } : null))
  const skipped = await accept('skipped', 'pull_request', githubPull({ number: 7, sha }))
  await work(skipped)
  expect(await of(skipped)).toMatchObject({ state: 'done', changes: 0, note: expect.stringContaining('skip CI') })
})

test('of another set, one that waits is in nobody\'s way; a message of the base hook can be worked on again too', async () => {
  answer = () => Promise.resolve([])
  const first = await accept('of another set', 'label', {})
  await world.db.pool.query(`UPDATE deliveries SET set_name = 'other' WHERE id = $1`, [first])
  const second = await accept('of ours', 'label', {})
  expect((await findDeliveries(world.db, { set: 'main', limit: 10 })).due).toEqual([{ id: second, attempts: 0 }])
  await work(second)
  expect(await of(second)).toMatchObject({ state: 'done' })
  const base = await accept('of base', 'change', { author: 'Ann', revision: 'base 1', branch: 'main' }, '/repo')
  await world.db.pool.query(`UPDATE deliveries SET source = 'base' WHERE id = $1`, [base])
  await work(base)
  expect(await of(base)).toMatchObject({ state: 'done', changes: 1 })
})

test('what is old is swept, and what is pending never, nor is it in the way', async () => {
  const [pending, old, young] = [await accept('pending', 'label', {}, 'b'), await accept('old', 'label', {}, 'a'), await accept('young', 'label', {}, 'c')]
  await world.db.pool.query(`UPDATE deliveries SET received_at = now() - interval '8 days' WHERE id = ANY($1)`, [[old, pending]])
  await world.db.pool.query(`UPDATE deliveries SET state = 'done' WHERE id = ANY($1)`, [[old, young]])
  expect(await transaction(world.db, null, tx => sweepDeliveries(tx, { limit: 1 }))).toBe(1)
  expect((await world.db.pool.query('SELECT id FROM deliveries ORDER BY id')).rows).toEqual([{ id: pending }, { id: young }])
  expect(await transaction(world.db, null, tx => takeDelivery(tx, { deliveryId: young, replicaId: world.replicaId, seconds: 1 }))).toBeNull()
})
