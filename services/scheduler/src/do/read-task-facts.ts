import type { Database } from '@yardmaster/db'
import type { BuildsetBasis, Properties, SourceStampData } from '@yardmaster/domain'

/** The changes that a clock has gathered since its last build. */
export async function readCollected(db: Database, schedulerId: number): Promise<{ change_ids: number[]; important: boolean; version: number } | null> {
  const { rows } = await db.pool.query<{ change_ids: string[]; important: boolean; version: number }>(
    `SELECT change_ids, important, version FROM scheduler_timers WHERE scheduler_id = $1 AND key = ''`, [schedulerId])
  return rows[0] ? { ...rows[0], change_ids: rows[0].change_ids.map(Number) } : null
}

export type Triggered = { sourcestamps: SourceStampData[]; properties: Properties; parentBuildId: number | null; parentRelationship: string | null; version: number }

export async function readTrigger(db: Database, schedulerId: number): Promise<Triggered | null> {
  const { rows } = await db.pool.query<Triggered>(
    `SELECT sourcestamps, properties, parent_build_id AS "parentBuildId", parent_relationship AS "parentRelationship", version FROM scheduler_triggers WHERE scheduler_id = $1`, [schedulerId])
  return rows[0] ?? null
}

export async function readPlaces(db: Database, schedulerId: number): Promise<NonNullable<BuildsetBasis['lastPlaces']>> {
  const { rows } = await db.pool.query<{ codebase: string; repository: string; branch: string | null; revision: string | null }>(
    'SELECT codebase, repository, branch, revision FROM scheduler_places WHERE scheduler_id = $1', [schedulerId])
  return Object.fromEntries(rows.map(({ codebase, ...place }) => [codebase, place]))
}

export async function readStamps(db: Database, buildsetId: number): Promise<{ id: number; data: SourceStampData }[]> {
  const { rows } = await db.pool.query<SourceStampData & { id: number }>(
    `SELECT s.id, s.codebase, s.repository, s.project, s.branch, s.revision,
       CASE WHEN p.id IS NOT NULL THEN jsonb_build_object('id', p.id, 'level', p.level, 'subdir', p.subdir, 'author', p.author, 'comment', p.comment) END AS patch
     FROM buildset_sourcestamps b JOIN sourcestamps s ON s.id = b.sourcestamp_id LEFT JOIN patches p ON p.id = s.patch_id WHERE b.buildset_id = $1 ORDER BY s.codebase`, [buildsetId])
  return rows.map(({ id, ...data }) => ({ id, data }))
}
