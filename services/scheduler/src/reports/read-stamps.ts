import type { Database } from '@yardmaster/db'
import { readSourcestamps } from '@yardmaster/db/verbs/find-claimable'
import type { ChangeData, Properties, Report } from '@yardmaster/domain'

type Stamps = Report['sourcestamps']
type ChangeRow = ChangeData & { sourcestamp_id: number }

const MOST_CHANGES = 100
/** So far back the last success is looked for: a builder that never succeeds must not be read through for each of its builds. */
const BUILDS_BACK = 200

const COLUMNS = `c.id, c.sourcestamp_id, c.author, c.committer, c.comments, c.files, c.revision, c.revlink, extract(epoch FROM c.when_at)::float8 AS when, c.project, c.codebase, c.repository,
  c.category, c.branch, c.properties`

/** The source stamps of a buildset with their changes; for a build, with those since the last success of its builder of the same codebase and branch. */
export async function readStamps(db: Database, { buildsetId, buildId }: { buildsetId: number; buildId: number | null }): Promise<Stamps> {
  const stamps = (await readSourcestamps(db, [buildsetId])).get(buildsetId) ?? []
  const { rows } = await db.pool.query<ChangeRow>(
    `WITH stamps AS (SELECT s.*, (SELECT max(id) FROM changes WHERE sourcestamp_id = s.id) AS newest FROM buildset_sourcestamps bs JOIN sourcestamps s ON s.id = bs.sourcestamp_id WHERE bs.buildset_id = $1)
     SELECT DISTINCT ON (c.id) ${COLUMNS}, stamps.id AS sourcestamp_id FROM stamps
     LEFT JOIN LATERAL (
       SELECT (SELECT max(id) FROM changes WHERE sourcestamp_id = s.id) AS newest
       FROM builds t JOIN builds b ON b.builder_id = t.builder_id AND b.number < t.number AND b.number >= t.number - $3 JOIN build_requests r ON r.id = b.build_request_id
       JOIN buildset_sourcestamps bs ON bs.buildset_id = r.buildset_id JOIN sourcestamps s ON s.id = bs.sourcestamp_id
       WHERE t.id = $2 AND b.results = 0 AND s.codebase = stamps.codebase AND s.repository = stamps.repository AND s.project = stamps.project AND s.branch IS NOT DISTINCT FROM stamps.branch
       ORDER BY b.number DESC LIMIT 1) AS before ON true
     JOIN changes c ON c.id <= stamps.newest AND c.id > coalesce(before.newest, stamps.newest - 1)
       AND c.codebase = stamps.codebase AND c.repository = stamps.repository AND c.project = stamps.project AND c.branch IS NOT DISTINCT FROM stamps.branch
     ORDER BY c.id DESC LIMIT $4`, [buildsetId, buildId, BUILDS_BACK, MOST_CHANGES])
  return stamps.map(({ id, ...stamp }) => ({ ...stamp, changes: rows.filter(change => change.sourcestamp_id === id).reverse().map(withoutStamp) }))
}

function withoutStamp({ sourcestamp_id: _stamp, ...change }: ChangeRow): ChangeData {
  return change
}

/** Authors of the changes, then who asked, each once. */
export function ownersOf(stamps: Stamps, properties: Properties): string[] {
  const said = [properties['owner']?.[0], properties['owners']?.[0]].flat().filter(owner => typeof owner === 'string')
  return [...new Set([...stamps.flatMap(stamp => stamp.changes.map(change => change.author)), ...said])].filter(name => name !== '')
}
