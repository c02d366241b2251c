import { transaction, type Transaction } from '@yardmaster/db'
import { CANCELLED, FAILURE, SKIPPED, type Properties } from '@yardmaster/domain'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aWorker, type Installation } from '../../../../test/kit/installation.js'
import { addBuildset, addBuildsets } from './add-buildset.js'
import { cancelBuildset } from './cancel-buildset.js'
import { decideCollapse } from './decide-collapse.js'
import { endWorkerless, noteWorkerless } from './end-workerless.js'
import { findClaimable, readClaimable } from './find-claimable.js'
import { readUndecided } from './read-undecided.js'
import { registerReplica } from './register-replica.js'
import { releaseRequest } from './release-request.js'
import { setPriority } from './set-priority.js'

let world: Installation
const fn = { $fn: 'builders.0.collapseRequests' }
const each = { collapseRequests: false }
const builders = [
  aBuilder('asks', { collapseRequests: fn }), aBuilder('refuses', { ...each, maxPending: { limit: 2, action: 'refuse-new' } }), aBuilder('drops', { ...each, maxPending: { limit: 2, action: 'drop-oldest' } }),
  aBuilder('fails', { ...each, noWorkerTimeout: { after: 60, action: 'fail' } }), aBuilder('holds', { ...each, noWorkerTimeout: { after: 60, action: 'hold' } }), aBuilder('plain', each), aBuilder('merges'), aBuilder('also'),
]

beforeAll(async () => {
  world = await anInstallation(aConfiguration({ builders, workers: [aWorker('w1'), aWorker('w2')] }))
  await transaction(world.db, null, tx => registerReplica(tx, { role: 'engine', name: 'e', host: 'h', pid: 1, softwareVersion: '0' }))
})
afterAll(() => world.close())
beforeEach(() => world.db.pool.query('DELETE FROM buildsets; DELETE FROM outbox; DELETE FROM worker_pools; UPDATE builders SET no_worker_since = NULL; UPDATE worker_sessions SET connected = false'))

const write = <T>(work: (tx: Transaction) => Promise<T>) => transaction(world.db, null, work)
const rows = async <Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> => (await world.db.pool.query<Row>(sql, parameters)).rows

async function ask(builder: string, more: { properties?: Properties; waitedFor?: boolean } = {}): Promise<number> {
  const { requests } = await write(tx => addBuildset(tx, { reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties: {}, sourcestamps: [], builderNames: [builder], priority: 0, ...more }))
  return requests[0]!.requestId
}

type Outcome = { id: number; state: string; hold: string | null; results: number | null; end_reason: string | null; end_actor: string | null }
const outcomes = () => rows<Outcome>('SELECT id, state, hold, results, end_reason, end_actor FROM build_requests ORDER BY id')
const waiting = async () => (await outcomes()).filter(row => row.state === 'pending').map(row => row.id)
const claimable = async (builderKey: string) => (await findClaimable(world.db, { wanted: [{ builderKey, depth: 20, place: 0 }], limit: 20 })).map(row => row.id)
const told = async () => (await rows<{ type: string; id: number }>(`SELECT e->>'type' AS type, (e->>'id')::int AS id FROM outbox, jsonb_array_elements(envelopes) e ORDER BY outbox.id`)).map(row => `${row.type} ${row.id}`)

describe('requests whose collapsing a function decides', () => {
  const builderId = async () => (await rows<{ id: number }>(`SELECT id FROM builders WHERE name = 'asks'`))[0]!.id
  const decide = async (requestId: number, needless: number[], properties: Properties | null = null) => {
    const id = await builderId()
    return write(tx => decideCollapse(tx, { requestId, builderId: id, needless, properties }))
  }

  test('are not claimed before it is decided, unless there is nothing to be decided', async () => {
    const first = await ask('asks')
    const second = await ask('asks')
    expect((await outcomes()).map(row => row.hold)).toEqual([null, 'collapse'])
    expect(await claimable('asks')).toEqual([first])
    expect(await readUndecided(world.db, ['asks'], 10)).toMatchObject([{ newer: { id: second }, older: [{ id: first }] }])
    expect(await decide(second, [first], { merged: [[1, 2], 'Collapse'] })).toEqual([first])
    expect(await claimable('asks')).toEqual([second])
    expect(await readClaimable(world.db, [{ id: second, builderId: await builderId(), builderKey: 'asks', worker: null }])).toMatchObject([{ properties: { merged: [[1, 2], 'Collapse'] } }])
    expect((await outcomes())[0]).toMatchObject({ state: 'complete', results: SKIPPED, end_reason: `collapsed: request ${second} asks for the same`, end_actor: 'system:collapse' })
    expect(await told()).toContain(`buildrequest.update ${second}`)
  })

  test('are decided in their order, once, whoever decides', async () => {
    const [first, second, third] = [await ask('asks'), await ask('asks'), await ask('asks')]
    expect(await decide(third, [first, second])).toBeNull()
    const both = await Promise.all([decide(second, [first]), decide(second, [])])
    expect(both.filter(done => done !== null)).toHaveLength(1)
    expect(await decide(second, [first])).toBeNull()
    expect(await decide(third, [second])).toEqual([second])
  })

  test('two that come at the same moment are not both taken for the first', async () => {
    await Promise.all([ask('asks'), ask('asks'), ask('asks')])
    expect((await outcomes()).map(row => row.hold)).toEqual([null, 'collapse', 'collapse'])
  })

  test('what was claimed, has ended or is waited for meanwhile stays', async () => {
    const [first, waited, third, fourth] = [await ask('asks'), await ask('asks', { waitedFor: true }), await ask('asks'), await ask('asks')]
    await decide(waited, [])
    await world.db.pool.query(`UPDATE build_requests SET state = 'claimed' WHERE id = $1`, [first])
    expect((await readUndecided(world.db, ['asks'], 10))[0]!.older).toEqual([])
    expect(await decide(third, [first])).toEqual([])
    await write(tx => cancelBuildset(tx, { buildsetId: 0, reason: '', actor: 'user:a' }))
    expect((await readUndecided(world.db, ['asks'], 10))[0]).toMatchObject({ newer: { id: fourth }, older: [{ id: third }] })
  })
})

describe('more requests than a builder lets wait', () => {
  test('the new ones are refused, also when they come at once', async () => {
    await Promise.all(Array.from({ length: 6 }, () => ask('refuses')))
    const [, , third] = await outcomes()
    expect(await waiting()).toHaveLength(2)
    expect(third).toMatchObject({ results: CANCELLED, end_reason: 'refused: builder refuses lets 2 requests wait', end_actor: 'system:limit' })
    expect(await rows(`SELECT 1 FROM buildsets WHERE complete_at IS NOT NULL AND results = ${CANCELLED}`)).toHaveLength(4)
  })

  test('the oldest are dropped, but for what a build waits for', async () => {
    const [waited, second, third] = [await ask('drops', { waitedFor: true }), await ask('drops'), await ask('drops')]
    expect(await waiting()).toEqual([waited, third])
    expect((await outcomes()).find(row => row.id === second)).toMatchObject({ results: CANCELLED, end_reason: 'dropped for newer ones: builder drops lets 2 requests wait' })
    const [fourth, fifth] = [await ask('drops', { waitedFor: true }), await ask('drops', { waitedFor: true })]
    expect(await waiting()).toEqual([waited, fourth])
    expect((await outcomes()).find(row => row.id === fifth)!.end_reason).toMatch(/^refused/)
  })
})

describe('buildsets that are added together', () => {
  const stamp = (revision: string, branch = 'main') => ({ codebase: '', repository: '/r', project: '', branch, revision })
  type Part = { builders: string[]; revision?: string; branch?: string; waitedFor?: boolean; properties?: Properties }
  const buildset = ({ builders: builderNames, revision = 'x', branch, waitedFor = false, properties = {} }: Part) => ({
    reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties, priority: 0, builderNames, waitedFor, sourcestamps: [stamp(revision, branch)],
  })
  const together = (...parts: Part[]) => write(tx => addBuildsets(tx, parts.map(buildset)))
  const oneByOne = (...parts: Part[]) => write(async tx => {
    const added = []
    for (const part of parts) added.push(await addBuildset(tx, buildset(part)))
    return added
  })
  /** Counted from the first request, since ids differ. */
  const relative = async () => {
    const found = await rows<{ id: number; builder: string; state: string; hold: string | null; results: number | null; end_reason: string | null; revision: string; remaining: number; whole: number | null }>(
      `SELECT r.id, w.name AS builder, r.state, r.hold, r.results, r.end_reason, st.revision, b.remaining, b.results AS whole FROM build_requests r JOIN builders w ON w.id = r.builder_id JOIN buildsets b ON b.id = r.buildset_id
       LEFT JOIN buildset_sourcestamps bs ON bs.buildset_id = b.id LEFT JOIN sourcestamps st ON st.id = bs.sourcestamp_id ORDER BY r.id`)
    const first = found[0]!.id
    return found.map(row => ({ ...row, id: row.id - first, end_reason: row.end_reason?.replace(/(?<=request )[0-9]+/, id => String(Number(id) - first)) ?? null }))
  }

  const cases: [string, Part[]][] = [
    ['collapse among themselves: each ends those before it', [{ builders: ['merges', 'also'] }, { builders: ['also', 'merges'] }, { builders: ['merges'] }]],
    ['of different work stay', [{ builders: ['merges'] }, { builders: ['merges'], revision: 'y' }, { builders: ['merges'], branch: 'b' }, { builders: ['merges'], properties: { p: [1, 'Force'] } }, { builders: ['plain'] }, { builders: ['plain'] }]],
    ['leave those that a build waits for, which end others', [{ builders: ['merges'] }, { builders: ['merges'], waitedFor: true }, { builders: ['merges'] }]],
    ['wait for the function behind those before them', [{ builders: ['asks', 'merges'] }, { builders: ['asks'], waitedFor: true }, { builders: ['asks'] }]],
    ['are asked about only behind what is not waited for', [{ builders: ['asks'], waitedFor: true }, { builders: ['asks'] }, { builders: ['asks'] }]],
    ['are refused, or drop others, as far as there is room', [{ builders: ['refuses', 'drops', 'merges'] }, { builders: ['drops', 'refuses'] }, { builders: ['merges'] }, { builders: ['refuses', 'drops'] }, { builders: ['drops'] }]],
  ]

  test.each(cases)('%s, as if they came one after the other', async (_, parts) => {
    await oneByOne(...parts)
    const expected = await relative()
    await world.db.pool.query('DELETE FROM buildsets')
    const added = await together(...parts)
    expect(await relative()).toEqual(expected)
    expect(added.map(({ requests }) => requests.length)).toEqual(parts.map(part => part.builders.length))
    expect(added.flatMap(({ requests }) => requests.map(request => request.requestId))).toEqual((await outcomes()).map(row => row.id))
  })

  test('end older ones too, with the first that makes them needless; new ones are told of in their order', async () => {
    const [older] = await together({ builders: ['merges'] })
    await world.db.pool.query('DELETE FROM outbox')
    const [one, two] = await together({ builders: ['merges'] }, { builders: ['merges', 'plain'] })
    const ended = (at: { requests: { requestId: number }[] }) => ({ results: SKIPPED, end_reason: `collapsed: request ${at.requests[0]!.requestId} asks for the same` })
    expect(await outcomes()).toMatchObject([ended(one!), ended(two!), { state: 'pending' }, { state: 'pending' }])
    const news = [one!, two!].flatMap(({ buildsetId, requests }) => [`buildset.new ${buildsetId}`, ...requests.map(request => `buildrequest.new ${request.requestId}`)])
    const events = await told()
    expect(events.filter(event => event.includes('.new'))).toEqual(news)
    expect(events.filter(event => event.includes('.complete')).toSorted()).toEqual([older!, one!].flatMap(({ buildsetId, requests }) => [`buildrequest.complete ${requests[0]!.requestId}`, `buildset.complete ${buildsetId}`]).toSorted())
  })

  test('end also those that an earlier version of the software added', async () => {
    await together({ builders: ['merges'] })
    await world.db.pool.query('UPDATE build_requests SET work = NULL')
    await together({ builders: ['merges'] })
    expect((await outcomes()).map(row => row.results)).toEqual([SKIPPED, null])
  })

  test('take as many statements as one', async () => {
    const statements = async (count: number) => {
      let sent = 0
      await write(tx => {
        const counting: Transaction = { ...tx, query: (sql, parameters) => { sent += 1; return tx.query(sql, parameters) }, execute: (sql, parameters) => { sent += 1; return tx.execute(sql, parameters) } }
        return addBuildsets(counting, Array.from({ length: count }, (_, n) => buildset({ builders: ['merges', 'plain'], revision: `${count} ${n}` })))
      })
      return sent
    }
    expect(await statements(30)).toBe(await statements(1))
  })
})

describe('requests without a worker', () => {
  const look = async () => {
    await write(tx => noteWorkerless(tx, 'main'))
    return (await Promise.all([1, 2].map(() => write(tx => endWorkerless(tx, 'main', 10))))).reduce((sum, ended) => sum + ended, 0)
  }
  const pass = (seconds: number) => world.db.pool.query(`UPDATE builders SET no_worker_since = no_worker_since - make_interval(secs => $1); `, [seconds])
    .then(() => world.db.pool.query('UPDATE build_requests SET submitted_at = submitted_at - make_interval(secs => $1)', [seconds]))

  test('end or are held after their time, once, and others wait on', async () => {
    const [failing, holding, plain] = [await ask('fails'), await ask('holds'), await ask('plain')]
    expect(await look()).toBe(0)
    await pass(59)
    expect(await look()).toBe(0)
    await pass(1)
    const late = await ask('fails')
    expect(await look()).toBe(2)
    expect(await outcomes()).toMatchObject([
      { id: failing, state: 'complete', results: FAILURE, end_reason: 'no worker of builder fails was connected for 60 s', end_actor: 'system:no worker' },
      { id: holding, state: 'pending', hold: 'worker' }, { id: plain, state: 'pending', hold: null }, { id: late, state: 'pending', hold: null }])
    expect(await claimable('holds')).toEqual([])
    expect(await look()).toBe(0)
    expect(await write(tx => releaseRequest(tx, holding))).toBe(true)
    expect(await write(tx => releaseRequest(tx, holding))).toBe(false)
    expect(await claimable('holds')).toEqual([holding])
    expect(await look()).toBe(0)
    expect(await told()).toContain(`buildrequest.update ${holding}`)
  })

  test('to release what is not held gives it no more time', async () => {
    const failing = await ask('fails')
    await look()
    await pass(60)
    expect(await write(tx => releaseRequest(tx, failing))).toBe(false)
    expect(await look()).toBe(1)
  })

  test.each([
    ['a worker that is connected', 'UPDATE worker_sessions SET connected = true'],
    ['a latent one', `INSERT INTO worker_pools (name, set_name) VALUES ('p', 'main'); UPDATE workers SET pool_id = (SELECT id FROM worker_pools)`],
    ['that nobody could come to anyway', `UPDATE replicas SET state = 'stopped' WHERE role = 'engine'`],
  ])('%s ends the counting', async (_, there) => {
    await ask('fails')
    await look()
    await pass(120)
    await world.db.pool.query(there)
    expect(await look()).toBe(0)
    await world.db.pool.query(`UPDATE worker_sessions SET connected = false; UPDATE workers SET pool_id = NULL; UPDATE replicas SET state = 'alive'`)
    expect(await look()).toBe(0)
    await pass(60)
    expect(await look()).toBe(1)
  })
})

test('a new priority is told', async () => {
  const [first, second] = [await ask('plain'), await ask('plain')]
  expect(await write(tx => setPriority(tx, { requestId: second, priority: 5 }))).toBe(true)
  expect(await claimable('plain')).toEqual([second, first])
  expect(await told()).toContain(`buildrequest.update ${second}`)
})

test('a whole buildset is cancelled', async () => {
  const { buildsetId } = await write(tx => addBuildset(tx, { reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties: {}, sourcestamps: [], builderNames: ['plain', 'refuses', 'drops'], priority: 0 }))
  expect(await write(tx => cancelBuildset(tx, { buildsetId, reason: 'enough', actor: 'user:b' }))).toEqual(['cancelled', 'cancelled', 'cancelled'])
  expect(await outcomes()).toMatchObject([1, 2, 3].map(() => ({ results: CANCELLED, end_reason: 'enough', end_actor: 'user:b' })))
  expect(await write(tx => cancelBuildset(tx, { buildsetId, reason: 'again', actor: 'user:b' }))).toEqual([])
})
