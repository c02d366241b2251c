import type { Database } from '@yardmaster/db'
import { resultName, type Json, type Result } from '@yardmaster/domain'
import { builderId } from '../resources/places.js'
import { sql, toQuery } from '../resources/sql.js'
import { badgeSvg, type BadgeStatus } from './badge-svg.js'

/** What a badge looks like unless its address says otherwise: `plugins.badges` of the configuration. */
type Defaults = { [option: string]: Json }

/** The picture of how the builder's newest build stands, as an SVG; the query has Buildbot's options. */
export async function badgeOf(db: Pick<Database, 'pool'>, { builder, query, defaults = {} }: { builder: string; query: URLSearchParams; defaults?: Defaults | undefined }): Promise<string> {
  return badgeSvg(await statusOf(db, builder), { ...textsIn(defaults), ...Object.fromEntries(query) }, textsIn(defaults['color_scheme']))
}

/** A builder that nobody knows has no build. */
async function statusOf({ pool }: Pick<Database, 'pool'>, builder: string): Promise<BadgeStatus> {
  const { rows: [newest] } = await pool.query<{ results: Result | null }>(toQuery(
    sql`SELECT results FROM builds WHERE builder_id = ${builderId({ builder })} ORDER BY number DESC LIMIT 1`))
  if (!newest) return 'unknown'
  return newest.results === null ? 'running' : resultName(newest.results)
}

function textsIn(options: Json | undefined): { [option: string]: string } {
  if (typeof options !== 'object' || options === null) return {}
  return Object.fromEntries(Object.entries(options).flatMap(([name, value]) => (typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [])))
}
