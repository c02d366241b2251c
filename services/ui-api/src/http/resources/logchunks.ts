import { logchunks as type } from '@yardmaster/rest'
import type { Endpoint } from './endpoint.js'
import { readLines } from './log-lines.js'
import { logId, logPlaces } from './places.js'
import { sql, toQuery } from './sql.js'

const lastLine = 2 ** 31 - 2

/** `offset` and `limit` count lines. A place after the end is empty, so that whoever follows a log may ask ahead. */
const ofLogs: Endpoint[] = logPlaces.map(place => ({
  path: `${place}/contents`, type, kind: 'single', paged: true,
  async answer({ db, params, spec: { offset, limit } }) {
    const { rows: [log] } = await db.pool.query<{ id: number }>(toQuery(sql`SELECT id FROM logs WHERE id = ${logId(params)}`))
    if (!log) return null
    const first = Math.min(offset, lastLine)
    const last = limit === null ? lastLine : Math.min(first + limit - 1, lastLine)
    const content = await readLines(db, log.id, { first, last })
    return { rows: [{ logid: log.id, firstline: first, content: content.toString('utf8') }], total: null }
  },
}))

/** Buildbot has the bare path, and never anything there. */
export const logchunkEndpoints: Endpoint[] = [...ofLogs, { path: '/logchunks', type, kind: 'single', answer: () => Promise.resolve(null) }]
