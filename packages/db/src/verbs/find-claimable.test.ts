import { findClaimable, nextNotBefore } from '@yardmaster/db/verbs/find-claimable'
import { passOverRequests } from '@yardmaster/db/verbs/pass-over-requests'
import { transaction, type Database } from '@yardmaster/db'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'

let world: Installation
beforeAll(async () => { world = await anInstallation(aConfiguration({ builders: ['a', 'b', 'c'].map(name => aBuilder(name)) })) })
afterAll(() => world.close())
beforeEach(() => world.db.pool.query('TRUNCATE build_requests, buildsets CASCADE').then(() => world.db.pool.query('UPDATE builders SET served_at = NULL')))

type Asked = { builder: string; name: string; at: number; priority?: number; notFor?: number }

/** Requests submitted `at` seconds after 12:00, known by their names. */
async function askFor(requests: Asked[]): Promise<void> {
  for (const { builder, name, at, priority = 0, notFor } of requests) {
    await world.db.pool.query(
      `WITH s AS (INSERT INTO buildsets (reason, actor, generation_id, remaining) VALUES ($1, 'user:a', $2, 1) RETURNING id)
       INSERT INTO build_requests (buildset_id, builder_id, priority, submitted_at, not_before)
       SELECT s.id, b.id, $3, timestamptz '2026-11-22 12:00Z' + make_interval(secs => $4), now() + make_interval(secs => $5) FROM s, builders b WHERE b.key = $6`,
      [name, world.generationId, priority, at, notFor ?? null, builder])
  }
}

/** When the builders were served last, seconds after 12:00. */
async function served(builders: { [key: string]: number }): Promise<void> {
  for (const [key, at] of Object.entries(builders)) await world.db.pool.query(`UPDATE builders SET served_at = timestamptz '2026-11-22 12:00Z' + make_interval(secs => $2) WHERE key = $1`, [key, at])
}

async function order(places: { [key: string]: number } = { a: 0, b: 0, c: 0 }, { depth = 20, limit = 200 } = {}): Promise<string[]> {
  const found = await findClaimable(world.db, { wanted: Object.entries(places).map(([builderKey, place]) => ({ builderKey, depth, place })), limit })
  const { rows } = await world.db.pool.query<{ id: number; reason: string }>('SELECT r.id, s.reason FROM build_requests r JOIN buildsets s ON s.id = r.buildset_id')
  return found.map(candidate => rows.find(row => row.id === candidate.id)!.reason)
}

const many = (builder: string, count: number, at: number): Asked[] => Array.from({ length: count }, (_, n) => ({ builder, name: `${builder}${n + 1}`, at: at + n }))

type Row = { what: string; asked: Asked[]; servedAt?: { [key: string]: number }; places?: { [key: string]: number }; expected: string[] }
const rows: Row[] = [
  { what: 'one of each: by age', asked: [...many('b', 1, 2), ...many('a', 1, 3), ...many('c', 1, 1)], expected: ['c1', 'b1', 'a1'] },
  { what: 'one of each, of builders that were served before: by age', asked: [...many('a', 1, 11), ...many('b', 1, 12)], servedAt: { a: 10 }, expected: ['a1', 'b1'] },
  { what: 'many old ones of one builder: turns', asked: [...many('a', 4, 0), ...many('b', 2, 50), ...many('c', 1, 60)], expected: ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'] },
  { what: 'with one worker: who was served is next after who was not', asked: [...many('a', 2, 0), ...many('b', 1, 50)], servedAt: { a: 70 }, expected: ['b1', 'a1', 'a2'] },
  { what: 'and waits no longer than one turn', asked: [...many('a', 2, 0), ...many('b', 1, 80)], servedAt: { a: 70 }, expected: ['a1', 'b1', 'a2'] },
  { what: 'urgent beats fair', asked: [...many('a', 2, 0), { builder: 'b', name: 'urgent1', at: 50, priority: 5 }, { builder: 'b', name: 'urgent2', at: 51, priority: 5 }], expected: ['urgent1', 'urgent2', 'a1', 'a2'] },
  { what: 'of one builder the urgent before the old', asked: [...many('a', 1, 0), { builder: 'a', name: 'urgent', at: 50, priority: 1 }, { builder: 'a', name: 'idle', at: -50, priority: -1 }], expected: ['urgent', 'a1', 'idle'] },
  { what: 'an urgent one was its turn', asked: [...many('a', 1, 0), { builder: 'a', name: 'urgent', at: 50, priority: 1 }, ...many('b', 1, 60)], expected: ['urgent', 'b1', 'a1'] },
  { what: 'places of builders come first', asked: [...many('a', 2, 0), { builder: 'b', name: 'urgent', at: 50, priority: 5 }, ...many('c', 1, 1)], places: { c: 0, a: 1, b: 2 }, expected: ['c1', 'a1', 'a2', 'urgent'] },
  { what: 'a builder without a place is not looked at', asked: [...many('a', 1, 0), ...many('b', 1, 0)], places: { b: 0 }, expected: ['b1'] },
  { what: 'not yet, and not any more', asked: [{ builder: 'a', name: 'later', at: 0, notFor: 60 }, { builder: 'a', name: 'now', at: 1, notFor: -1 }], expected: ['now'] },
]

describe('requests are served', () => {
  test.each(rows)('$what', async ({ asked, servedAt, places, expected }) => {
    await askFor(asked)
    await served(servedAt ?? {})
    expect(await order(places)).toEqual(expected)
  })
})

test('those that are held are not read: it costs the same, however many they are', async () => {
  await world.db.pool.query(`WITH s AS (INSERT INTO buildsets (reason, actor, generation_id, remaining) SELECT 'r', 'user:a', $1, 1 FROM generate_series(1, 3000) RETURNING id)
    INSERT INTO build_requests (buildset_id, builder_id, priority, hold) SELECT s.id, b.id, 0, 'collapse' FROM s, builders b WHERE b.key = 'a'`, [world.generationId])
  await world.db.pool.query('ANALYZE build_requests')
  const plan: string[] = []
  const explained = async (sql: string, values: unknown[]) => {
    const { rows: lines } = await world.db.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE) ${sql}`, values)
    plan.push(...lines.map(line => line['QUERY PLAN']))
    return { rows: [] }
  }
  await findClaimable({ ...world.db, pool: { query: explained } } as unknown as Database, { wanted: [{ builderKey: 'a', depth: 20, place: 0 }], limit: 200 })
  expect(plan.filter(line => line.includes('Scan') && line.includes('build_requests'))).toSatisfy((lines: string[]) => lines.length > 0 && lines.every(line => line.includes('build_requests_claimable')))
  expect(plan.join('\n')).not.toContain('Rows Removed by Filter')
})

test('so many of each builder, and so many in all', async () => {
  await askFor([...many('a', 5, 0), ...many('b', 5, 0), ...many('c', 1, 0)])
  expect(await order(undefined, { depth: 2 })).toHaveLength(5)
  expect(await order(undefined, { limit: 3 })).toEqual(['a1', 'b1', 'c1'])
})

test('what is passed over says why, and for how long', async () => {
  await askFor([...many('a', 2, 0)])
  const { rows: requests } = await world.db.pool.query<{ id: number }>('SELECT id FROM build_requests ORDER BY id')
  expect(await nextNotBefore(world.db)).toBeNull()
  await transaction(world.db, null, tx => passOverRequests(tx, [{ requestId: requests[1]!.id, waitsFor: 'worker w\0 is busy' }, { requestId: requests[0]!.id, waitsFor: 'not at night', notForSeconds: 60 }]))
  expect(await order()).toEqual(['a2'])
  expect(await nextNotBefore(world.db)).toBeGreaterThan(50_000)
  const { rows: told } = await world.db.pool.query('SELECT waits_for FROM build_requests ORDER BY id')
  expect(told).toEqual([{ waits_for: 'not at night' }, { waits_for: 'worker w\ufffd is busy' }])
})
