import { transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { addChange } from '@yardmaster/db/verbs/add-change'
import { completeRequests } from '@yardmaster/db/verbs/complete-requests'
import { CANCELLED, FAILURE, SUCCESS, type CancellerConfig, type FunctionRef, type Json } from '@yardmaster/domain'
import { createLogger } from '@yardmaster/runtime'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, bringGeneration, type Installation } from '../../../../test/kit/installation.js'
import type { ActiveGeneration } from '../active-generation.js'
import { runCancellers } from './run-cancellers.js'

let world: Installation
let active: ActiveGeneration
let lines: string[] = []
const builders = ['linux', 'mac', 'docs'].map(name => aBuilder(name, { collapseRequests: false }))
const everything = { fields: {}, properties: {}, fn: null }
const logger = createLogger({ name: 'test', level: 'error', destination: { write: line => { lines.push(line) } } })

beforeAll(async () => { world = await anInstallation(aConfiguration({ builders })) })
afterAll(() => world.close())
beforeEach(async () => {
  lines = []
  await world.db.pool.query('DELETE FROM buildsets; DELETE FROM changes')
})

let digests = 0

async function configure(canceller: CancellerConfig, call: (fn: FunctionRef, args: Json[]) => Promise<Json> = () => Promise.reject(new Error('no function here'))): Promise<void> {
  const configuration = aConfiguration({ builders, cancellers: [canceller] })
  const { id } = await bringGeneration(world.db, configuration, `cancellers-${digests += 1}`)
  active = { id, configuration, call, callPatiently: call }
}

const run = () => runCancellers({ db: world.db, fence: { replicaId: world.replicaId }, logger, active: () => active, holdsDuty: () => Promise.resolve(true), set: 'main' })(new AbortController().signal)

/** A change of the branch, and the requests that a scheduler makes of it. */
async function pushed(revision: string, names: string[] = ['linux', 'mac'], branch = 'main'): Promise<number[]> {
  const stamp = { codebase: '', repository: '/r', project: '', branch, revision }
  await transaction(world.db, null, tx => addChange(tx, { ...stamp, author: 'Ann', comments: revision, files: [], properties: {}, whenAt: new Date(0) }))
  const { requests } = await transaction(world.db, null, tx => addBuildset(tx, { reason: 'r', scheduler: 's', actor: 'system:scheduler', generationId: active.id, properties: {}, sourcestamps: [stamp], builderNames: names, priority: 0 }))
  return requests.map(request => request.requestId)
}

async function ended(): Promise<{ [id: number]: string | null }> {
  const { rows } = await world.db.pool.query<{ id: number; end_reason: string | null }>(`SELECT id, end_reason FROM build_requests WHERE results = ${CANCELLED}`)
  return Object.fromEntries(rows.map(row => [row.id, row.end_reason]))
}
const pending = async () => (await world.db.pool.query('SELECT 1 FROM pending_cancellations')).rowCount

/** As an engine that builds the request. */
async function building(requestId: number): Promise<void> {
  await world.db.pool.query(
    `WITH claimed AS (UPDATE build_requests SET state = 'claimed', claimed_at = now() WHERE id = $1 RETURNING id, builder_id)
     INSERT INTO builds (builder_id, number, build_request_id, worker_id, generation_id, state_string) SELECT builder_id, id, id, (SELECT min(id) FROM workers), $2, '' FROM claimed`, [requestId, active.id])
}

const old: CancellerConfig = { kind: 'oldBuild', name: 'tidy', filters: [{ builders: ['linux', 'mac'], filter: everything }], branchKey: null }

test('what is older of a branch is cancelled once, running or waiting, by any number at once', async () => {
  await configure(old)
  const [linux, mac] = await pushed('1')
  const [docs] = await pushed('1b', ['docs'])
  const other = await pushed('2', ['linux'], 'dev')
  await building(linux!)
  await run()
  expect(await ended()).toEqual({})
  const newer = await pushed('3')
  await Promise.all([run(), run(), run()])
  expect(await ended()).toEqual({ [mac!]: expect.stringMatching(/^a newer change of its branch is to be built, by buildset \d+ \(tidy\)$/) })
  expect((await world.db.pool.query('SELECT build_request_id AS request, stop_requests AS stops, stop_actor AS actor FROM builds')).rows).toEqual([{ request: linux, stops: 1, actor: 'system:tidy' }])
  expect(await pending()).toBe(0)
  expect((await world.db.pool.query(`SELECT id FROM build_requests WHERE state = 'pending' ORDER BY id`)).rows.map(row => row.id)).toEqual([docs, ...other, ...newer])
})

test('more than one transaction takes are cancelled all', async () => {
  await configure(old)
  for (let revision = 0; revision < 30; revision += 1) await pushed(`r${revision}`)
  await run()
  expect(Object.keys(await ended())).toHaveLength(58)
  expect(await pending()).toBe(0)
})

test('a branchKey of the configuration says what is one branch; one that fails cancels nothing', async () => {
  await configure({ ...old, branchKey: { $fn: 'key' } }, (_, [stamp]) => Promise.resolve(typeof stamp === 'object' && stamp !== null && !Array.isArray(stamp) ? String(stamp['branch']).slice(0, 3) : null))
  const [first] = await pushed('1', ['linux'], 'dev-one')
  await pushed('2', ['linux'], 'dev-two')
  await run()
  expect(Object.keys(await ended())).toEqual([String(first)])
  await configure({ ...old, branchKey: { $fn: 'key' } })
  await pushed('3', ['linux'], 'dev-two')
  await run()
  expect(Object.keys(await ended())).toEqual([String(first)])
  expect(lines.join()).toMatch(/a function of a canceller failed/)
  expect(await pending()).toBe(0)
})

test('what is left of a buildset of which a build failed is cancelled', async () => {
  await configure({ kind: 'failingBuildset', name: 'fast', filters: [{ builders: ['linux'], cancelBuilds: ['mac'], filter: everything }] })
  const [linux, mac, docs] = await pushed('1', ['linux', 'mac', 'docs'])
  const finish = (requestId: number, results: typeof SUCCESS | typeof FAILURE) => transaction(world.db, null, tx => completeRequests(tx, [{ requestId, results }]))
  await finish(docs!, FAILURE)
  await run()
  expect(await ended()).toEqual({})
  await finish(linux!, FAILURE)
  expect(await pending()).toBe(1)
  await run()
  expect(await ended()).toEqual({ [mac!]: 'a build of its buildset failed on linux (fast)' })
  const [next] = await pushed('2', ['linux'])
  await finish(next!, SUCCESS)
  expect(await pending()).toBe(0)
})

test('killed before the end of its work, it is taken up by the next', async () => {
  await configure(old)
  const [linux] = await pushed('1', ['linux'])
  await pushed('2', ['linux'])
  await world.db.pool.query(`UPDATE replicas SET state = 'dead' WHERE id = $1`, [world.replicaId])
  await expect(run()).rejects.toThrow(/replica/)
  expect(await ended()).toEqual({})
  await world.db.pool.query(`UPDATE replicas SET state = 'alive' WHERE id = $1`, [world.replicaId])
  await run()
  expect(Object.keys(await ended())).toEqual([String(linux)])
})
