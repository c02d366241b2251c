import type { Database } from '@yardmaster/db'
import type { ListedBuild, SearchHit } from '@yardmaster/rest'
import { join, sql, toQuery, type Sql } from '../resources/sql.js'
import { beginsWith, ofBranch, readBuildsById } from './read-lists.js'

/** Builds that are looked for by what they were made of, at most. */
const MOST_CHANGES = 50

type Looking = { db: Database; text: string; most: number }

/** What people mean by what they type, the likeliest first: at most so many of each kind. Each is a look into an index or a small table. */
export async function search(db: Database, typed: string, most: number): Promise<SearchHit[]> {
  const text = typed.trim()
  if (text === '') return []
  const [, name = '', number = ''] = /^(.*?) ?[#/ ] ?(\d{1,9})$/.exec(text.replaceAll(/\s+/g, ' ')) ?? []
  const looking = { db, text, most }
  const found = await Promise.all([
    name !== '' ? numbered({ ...looking, text: name.trim() }, Number(number)) : [],
    /^#?\d{1,15}$/.test(text) ? byId(looking, Number(text.replace('#', ''))) : [],
    builders(looking), workers(looking),
    /^[\w.-]{4,}$/.test(text) ? revisions(looking) : [],
    changes(looking),
  ])
  const hits = new Map(found.flat().map(hit => [`${hit.kind} ${hit.id}`, hit] as const))
  return [...hits.values()]
}

const buildHit = ({ id, builder, builderId, number, results, state, text, reason, sources: [source] }: ListedBuild): SearchHit => ({
  kind: 'build', id, title: `${builder} #${number}`, detail: [state === 'running' ? 'running' : text, source?.branch, source?.revision?.slice(0, 12), reason].filter(Boolean).join(' · '),
  place: `builders/${builderId}/builds/${number}`, results,
})

/** `builder #45`, of the builder of that name or of those that have it in their names. */
async function numbered({ db, text, most }: Looking, number: number): Promise<SearchHit[]> {
  const { rows } = await db.pool.query<{ id: number }>(
    `SELECT b.id FROM builders u JOIN builds b ON b.builder_id = u.id AND b.number = $2 WHERE position(lower($1) IN lower(u.name)) > 0 ORDER BY lower(u.name) = lower($1) DESC, u.active DESC, u.name LIMIT $3`, [text, number, most])
  const byIds = new Map((await readBuildsById(db, rows.map(({ id }) => id))).map(build => [build.id, build]))
  return rows.flatMap(({ id }) => byIds.get(id) ?? []).map(buildHit)
}

async function byId({ db }: Looking, id: number): Promise<SearchHit[]> {
  const { rows } = await db.pool.query<{ builder: string; state: string; reason: string }>(
    `SELECT u.name AS builder, r.state, s.reason FROM build_requests r JOIN builders u ON u.id = r.builder_id JOIN buildsets s ON s.id = r.buildset_id WHERE r.id = $1`, [id])
  const requests = rows.map(({ builder, state, reason }): SearchHit => ({ kind: 'buildrequest', id, title: `request ${id}`, detail: [builder, state, reason].join(' · '), place: `buildrequests/${id}`, results: null }))
  return [...requests, ...(await readBuildsById(db, [id])).map(buildHit)]
}

async function builders({ db, text, most }: Looking): Promise<SearchHit[]> {
  const { rows } = await db.pool.query<{ id: number; name: string; description: string | null; active: boolean }>(
    `SELECT id, name, description, active FROM builders WHERE position(lower($1) IN lower(name)) > 0 OR EXISTS (SELECT 1 FROM unnest(tags) tag WHERE lower(tag) = lower($1))
     ORDER BY active DESC, lower(name) = lower($1) DESC, position(lower($1) IN lower(name)) = 1 DESC, name LIMIT $2`, [text, most])
  return rows.map(({ id, name, description, active }) => ({ kind: 'builder', id, title: name, detail: active ? description ?? '' : 'of a former configuration', place: `builders/${id}`, results: null }))
}

async function workers({ db, text, most }: Looking): Promise<SearchHit[]> {
  const { rows } = await db.pool.query<{ id: number; name: string; connected: boolean }>(
    `SELECT w.id, w.name, coalesce(s.connected, false) AS connected FROM workers w LEFT JOIN worker_sessions s ON s.worker_id = w.id WHERE position(lower($1) IN lower(w.name)) > 0
     ORDER BY w.active DESC, lower(w.name) = lower($1) DESC, w.name LIMIT $2`, [text, most])
  return rows.map(({ id, name, connected }) => ({ kind: 'worker', id, title: name, detail: connected ? 'connected' : 'not connected', place: `workers/${id}`, results: null }))
}

/** The newest builds of what begins so. */
async function revisions({ db, text, most }: Looking): Promise<SearchHit[]> {
  const { rows } = await db.pool.query<{ id: number }>(toQuery(sql`
    SELECT b.id FROM (SELECT s.id FROM sourcestamps s WHERE ${beginsWith('s.revision', text)} LIMIT ${MOST_CHANGES}) s
      JOIN buildset_sourcestamps bs ON bs.sourcestamp_id = s.id JOIN build_requests r ON r.buildset_id = bs.buildset_id JOIN builds b ON b.build_request_id = r.id
    ORDER BY b.id DESC LIMIT ${most}`))
  return (await readBuildsById(db, rows.map(({ id }) => id))).map(buildHit)
}

type ChangeRow = { id: number; author: string; branch: string | null; revision: string | null; comments: string; builderId: number | null; number: number | null }

/** Of authors and branches as they are written, or with a capital. */
async function changes({ db, text, most }: Looking): Promise<SearchHit[]> {
  const newest = (condition: Sql) => sql`(SELECT c.* FROM changes c WHERE ${condition} ORDER BY c.id DESC LIMIT ${most})`
  const spelled = [...new Set([text, text[0]!.toUpperCase() + text.slice(1), text.toLowerCase()])]
  const pieces = [...spelled.map(spelling => newest(beginsWith('c.author', spelling))), newest(ofBranch('c.branch', text)), ...(/^[\w.-]{4,}$/.test(text) ? [newest(sql`c.sourcestamp_id IN (SELECT s.id FROM sourcestamps s WHERE ${beginsWith('s.revision', text)} LIMIT ${MOST_CHANGES})`)] : [])]
  const { rows } = await db.pool.query<ChangeRow>(toQuery(sql`
    SELECT c.id, c.author, c.branch, c.revision, c.comments, b.builder_id AS "builderId", b.number FROM (SELECT DISTINCT ON (id) * FROM (${join(pieces, ' UNION ALL ')}) spelled ORDER BY id DESC LIMIT ${most}) c
      LEFT JOIN LATERAL (SELECT b.builder_id, b.number FROM buildset_sourcestamps bs JOIN build_requests r ON r.buildset_id = bs.buildset_id JOIN builds b ON b.build_request_id = r.id
        WHERE bs.sourcestamp_id = c.sourcestamp_id ORDER BY b.id DESC LIMIT 1) b ON true
    ORDER BY c.id DESC`))
  return rows.map(({ id, author, branch, revision, comments, builderId, number }) => ({
    kind: 'change', id, title: comments.split('\n')[0]?.slice(0, 120) || `change ${id}`, detail: [author, branch, revision?.slice(0, 12)].filter(Boolean).join(' · '),
    place: builderId === null ? null : `builders/${builderId}/builds/${number}`, results: null,
  }))
}
