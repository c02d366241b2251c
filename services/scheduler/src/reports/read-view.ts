import type { Database } from '@yardmaster/db'
import type { AttemptAbout } from '@yardmaster/db/verbs/begin-attempt'
import { readSourcestamps } from '@yardmaster/db/verbs/find-claimable'
import type { BuildView, Properties } from '@yardmaster/domain'

/** What a message is about, as renderers know a build: for options that are rendered when it is sent. Empty where its rows are gone, or it is about none. */
export async function readView(db: Database, { buildsetId, buildId, buildRequestId }: AttemptAbout): Promise<BuildView> {
  const [{ rows: [row] }, stamps] = await Promise.all([
    db.pool.query<{ properties: Properties; reason: string; number: number | null; builder: string | null; worker: string | null }>(
      `SELECT coalesce(b.properties, s.properties) AS properties, s.reason, b.number, u.name AS builder, w.name AS worker FROM buildsets s
       LEFT JOIN builds b ON b.id = $2 LEFT JOIN build_requests r ON r.id = $3 LEFT JOIN builders u ON u.id = r.builder_id LEFT JOIN workers w ON w.id = b.worker_id WHERE s.id = $1`, [buildsetId, buildId, buildRequestId]),
    buildsetId === null ? new Map<number, never[]>() : readSourcestamps(db, [buildsetId]),
  ])
  return {
    properties: row?.properties ?? {}, sourcestamps: Object.fromEntries((stamps.get(buildsetId ?? 0) ?? []).map(({ id: _id, ...stamp }) => [stamp.codebase, stamp])),
    build: { id: buildId ?? 0, number: row?.number ?? 0, builder: row?.builder ?? '', worker: row?.worker ?? '', buildset: buildsetId ?? 0, buildrequest: buildRequestId ?? 0, reason: row?.reason ?? '' },
  }
}
