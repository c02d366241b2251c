import { transaction, type Committed, type Transaction } from '@yardmaster/db'
import { SKIPPED, SUCCESS, type SourceStampData } from '@yardmaster/domain'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { addBuildset, type NewBuildset } from './add-buildset.js'
import { addChange, addChanges, type NewChange } from './add-change.js'
import { findOrAddSourcestamp } from './find-or-add-sourcestamp.js'

let world: Installation
const builders = ['merge', 'other', 'each', 'idle'].map(name => aBuilder(name, { key: `key-${name}`, collapseRequests: name !== 'each' }))

beforeAll(async () => { world = await anInstallation(aConfiguration({ builders })) })
afterAll(() => world.close())

const write = <T>(work: (tx: Transaction) => Promise<T>) => transaction(world.db, null, work)

async function rows<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
  return (await world.db.pool.query<Row>(sql, parameters)).rows
}

function aChange(more: Partial<NewChange> = {}): NewChange {
  return { author: 'Ann <ann@example.org>', comments: 'work', branch: 'main', revision: 'r1', repository: '/repo', codebase: '', project: '', files: ['a.c'],
    properties: {}, whenAt: new Date(1_700_000_000_000), ...more }
}

function stamp(more: Partial<SourceStampData> = {}): SourceStampData {
  return { codebase: '', repository: '/repo', project: '', branch: 'main', revision: null, ...more }
}

function aBuildset(builderNames: string[], more: Partial<Omit<NewBuildset, 'builderNames' | 'builderIds'>> = {}): NewBuildset {
  return { reason: 'test', scheduler: null, actor: 'user:ann', generationId: world.generationId, properties: {}, sourcestamps: [stamp()], priority: 0, builderNames, ...more }
}

async function stateOf(buildsetId: number) {
  return (await rows<{ state: string; results: number | null; remaining: number; buildset_results: number | null }>(
    `SELECT r.state, r.results, b.remaining, b.results AS buildset_results FROM build_requests r JOIN buildsets b ON b.id = r.buildset_id WHERE b.id = $1 ORDER BY r.id`, [buildsetId]))
}

describe('changes', () => {
  test('are accepted with their sourcestamp, told and announced', async () => {
    const committed: Committed[] = []
    world.db.onCommitted = one => { committed.push(one) }
    const added = await write(tx => addChange(tx, aChange({ revision: 'told', project: 'p', properties: { x: [1, 'Change'] } })))
    world.db.onCommitted = () => {}
    const [row] = await rows(`SELECT c.author, c.properties, c.files, c.dispatched_at, s.revision FROM changes c JOIN sourcestamps s ON s.id = c.sourcestamp_id WHERE c.id = $1`, [added!.id])
    expect(row).toEqual({ author: 'Ann <ann@example.org>', properties: { x: [1, 'Change'] }, files: ['a.c'], dispatched_at: null, revision: 'told' })
    expect(await rows(`SELECT 1 FROM outbox WHERE envelopes @> $1::jsonb`, [JSON.stringify([{ type: 'change.new', id: added!.id, version: 1, project: 'p' }])])).toHaveLength(1)
    expect(committed).toEqual([{ wakes: new Set(['changes']), told: { id: expect.any(Number), envelopes: [expect.objectContaining({ v: 1, type: 'change.new', id: added!.id })] } }])
  })

  test('of one delivery are accepted once, also when it comes twice at the same moment', async () => {
    const delivery = { source: 'github', key: 'd1' }
    const answers = await Promise.all([1, 2, 3].map(() => write(tx => addChanges(tx, delivery, [aChange({ revision: 'd1a' }), aChange({ revision: 'd1b' })]))))
    expect(answers.filter(answer => answer !== null)).toHaveLength(1)
    expect(await rows(`SELECT revision FROM changes WHERE revision LIKE 'd1_' ORDER BY id`)).toEqual([{ revision: 'd1a' }, { revision: 'd1b' }])
    expect(await write(tx => addChange(tx, aChange({ delivery })))).toBeNull()
  })

  test('with what PostgreSQL cannot keep are kept with a replacement', async () => {
    const added = await write(tx => addChange(tx, aChange({ comments: 'a\0b \ud800', properties: { 'n\0': ['v\0', 'Change'] }, files: ['f\0'] })))
    expect(await rows('SELECT comments, properties, files FROM changes WHERE id = $1', [added!.id]))
      .toEqual([{ comments: 'a\ufffdb \ufffd', properties: { 'n\ufffd': ['v\ufffd', 'Change'] }, files: ['f\ufffd'] }])
  })

  test('of equal place share a sourcestamp, also when two transactions meet it first together', async () => {
    const ids = await Promise.all([1, 2, 3, 4].map(() => write(tx => findOrAddSourcestamp(tx, stamp({ revision: 'shared' })))))
    expect(new Set(ids).size).toBe(1)
    expect(await write(tx => findOrAddSourcestamp(tx, stamp({ revision: 'shared', branch: null })))).not.toBe(ids[0])
    const long = 'b'.repeat(10_000)
    expect(await write(tx => findOrAddSourcestamp(tx, stamp({ branch: long })))).toBe(await write(tx => findOrAddSourcestamp(tx, stamp({ branch: long }))))
  })
})

describe('a buildset', () => {
  test('has one request per builder, in their order, and is told', async () => {
    const { buildsetId, requests } = await write(tx => addBuildset(tx, aBuildset(['other', 'idle', 'other'], { priority: 7, properties: { p: [[1], 'Force'] } })))
    const names = await rows<{ name: string; priority: number; id: number }>('SELECT b.name, r.priority, r.id FROM build_requests r JOIN builders b ON b.id = r.builder_id WHERE buildset_id = $1 ORDER BY r.id', [buildsetId])
    expect(names.map(({ name, priority }) => [name, priority])).toEqual([['other', 7], ['idle', 7]])
    expect(requests.map(request => request.requestId)).toEqual(names.map(row => row.id))
    expect(await rows('SELECT reason, actor, remaining, results, properties, complete_at FROM buildsets WHERE id = $1', [buildsetId]))
      .toEqual([{ reason: 'test', actor: 'user:ann', remaining: 2, results: null, properties: { p: [[1], 'Force'] }, complete_at: null }])
    const [told] = await rows<{ envelopes: { type: string }[] }>(`SELECT envelopes FROM outbox WHERE envelopes @> $1::jsonb`, [JSON.stringify([{ type: 'buildset.new', id: buildsetId }])])
    expect(told!.envelopes.map(envelope => envelope.type)).toEqual(['buildset.new', 'buildrequest.new', 'buildrequest.new'])
  })

  test('of builders by id is the same', async () => {
    const [builder] = await rows<{ id: number }>(`SELECT id FROM builders WHERE name = 'idle'`)
    const { builderNames: _, ...rest } = aBuildset([]) as Extract<NewBuildset, { builderNames: string[] }>
    expect((await write(tx => addBuildset(tx, { ...rest, builderIds: [builder!.id] }))).requests).toMatchObject([{ builderId: builder!.id }])
  })

  test('of a builder that is not there, or of none, is refused', async () => {
    await expect(write(tx => addBuildset(tx, aBuildset(['merge', 'gone'])))).rejects.toThrow(/no active builder has the name gone/)
    await expect(write(tx => addBuildset(tx, aBuildset([])))).rejects.toThrow(/names no builder/)
  })

  const place = (branch: string, revision: string | null) => ({ sourcestamps: [stamp({ branch, revision })] })

  test('ends older pending requests for the same work, and their buildset', async () => {
    const older = await write(tx => addBuildset(tx, aBuildset(['merge'], place('c1', 'x'))))
    const both = await write(tx => addBuildset(tx, aBuildset(['merge', 'other'], place('c1', 'x'))))
    const newer = await write(tx => addBuildset(tx, aBuildset(['merge'], { ...place('c1', 'x'), waitedFor: true })))
    expect(await stateOf(older.buildsetId)).toMatchObject([{ state: 'complete', results: SKIPPED, remaining: 0, buildset_results: SKIPPED }])
    expect(await stateOf(both.buildsetId)).toMatchObject([{ state: 'complete', results: SKIPPED, remaining: 1 }, { state: 'pending', buildset_results: null }])
    expect(await stateOf(newer.buildsetId)).toMatchObject([{ state: 'pending', remaining: 1 }])
  })

  test.each([
    ['another branch', 'merge', place('c2', 'x'), place('c2b', 'x')],
    ['another revision without changes', 'merge', place('c3', 'x'), place('c3', 'y')],
    ['other properties', 'merge', { ...place('c4', 'x'), properties: { a: [1, 'Force'] } }, place('c4', 'x')],
    ['a builder that does not collapse', 'each', place('c5', 'x'), place('c5', 'x')],
    ['a build that another waits for', 'merge', { ...place('c6', 'x'), waitedFor: true }, place('c6', 'x')],
  ] satisfies [string, string, Partial<NewBuildset>, Partial<NewBuildset>][])('leaves older requests alone: %s', async (_, builder, first, second) => {
    const older = await write(tx => addBuildset(tx, aBuildset([builder], first)))
    await write(tx => addBuildset(tx, aBuildset([builder], second)))
    expect(await stateOf(older.buildsetId)).toMatchObject([{ state: 'pending' }])
  })

  test('of a newer change ends that of an older one', async () => {
    for (const revision of ['n1', 'n2']) await write(tx => addChange(tx, aChange({ branch: 'c7', revision })))
    const older = await write(tx => addBuildset(tx, aBuildset(['merge'], place('c7', 'n1'))))
    await write(tx => addBuildset(tx, aBuildset(['merge'], place('c7', 'n2'))))
    expect(await stateOf(older.buildsetId)).toMatchObject([{ state: 'complete', results: SKIPPED }])
  })

  test('leaves a request to the engine that takes it at the same moment', async () => {
    const older = await write(tx => addBuildset(tx, aBuildset(['merge'], place('c8', 'x'))))
    const client = await world.db.pool.connect()
    await client.query('BEGIN')
    await client.query(`UPDATE build_requests SET state = 'claimed', claimed_at = now() WHERE buildset_id = $1`, [older.buildsetId])
    const adding = write(tx => addBuildset(tx, aBuildset(['merge'], place('c8', 'x'))))
    await expect.poll(async () => (await rows(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length).toBe(1)
    await client.query('COMMIT')
    client.release()
    await adding
    expect(await stateOf(older.buildsetId)).toMatchObject([{ state: 'claimed', results: null, remaining: 1 }])
  })

  test('added by many at once leaves exactly one pending request', async () => {
    const added = await Promise.all(Array.from({ length: 8 }, (_, n) => write(tx => addBuildset(tx, aBuildset(n % 2 ? ['merge', 'other'] : ['other', 'merge'], place('c9', 'x'))))))
    const pending = await rows<{ count: number }>(`SELECT count(*) FROM build_requests WHERE state = 'pending' AND buildset_id = ANY($1) GROUP BY builder_id`, [added.map(buildset => buildset.buildsetId)])
    expect(pending).toEqual([{ count: 1 }, { count: 1 }])
    const [sums] = await rows(`SELECT count(*) FILTER (WHERE results = $2 AND remaining = 0) AS skipped, count(*) FILTER (WHERE results = $3) AS success FROM buildsets WHERE id = ANY($1)`, [added.map(buildset => buildset.buildsetId), SKIPPED, SUCCESS])
    expect(sums).toEqual({ skipped: 7, success: 0 })
  })
})
