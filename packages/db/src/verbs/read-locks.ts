import { LockBoard, type LockClaim } from '@yardmaster/domain'
import type { Database } from '../database.js'
import { groupBy } from '../group-by.js'
import type { Transaction } from '../transaction.js'
import type { ParentChild } from './read-parent-waits.js'

/** A claim with what people call its lock, build and step. */
export type LockClaimRow = LockClaim & { name: string; maxCount: number; generationId: number; builder: string; number: number; stepName: string | null }

/**
 * The claims of these locks and of every lock that somebody waits for, in the order of asking. A waiter whose worker no engine
 * drives now is left out: it could not begin, and keeps its place. Nothing is locked: whoever takes a lock holds its row and reads again.
 */
export async function readLocks(from: Database | Transaction, keys: string[]): Promise<LockClaimRow[]> {
  const sql = `SELECT c.id, l.key, l.name, l.max_count AS "maxCount", l.generation_id AS "generationId", c.mode, c.count, c.build_id AS build,
       c.step_number AS step, c.held_at IS NOT NULL AS held, u.name AS builder, b.number, s.name AS "stepName"
     FROM lock_claims c JOIN locks l ON l.id = c.lock_id JOIN builds b ON b.id = c.build_id JOIN builders u ON u.id = b.builder_id
     JOIN worker_sessions w ON w.worker_id = b.worker_id LEFT JOIN steps s ON s.build_id = c.build_id AND s.number = c.step_number
     WHERE c.lock_id IN (SELECT lock_id FROM lock_claims WHERE held_at IS NULL UNION ALL SELECT id FROM locks WHERE key = ANY($1))
       AND (c.held_at IS NOT NULL OR w.replica_id IS NOT NULL)
     ORDER BY c.id`
  return 'pool' in from ? (await from.pool.query<LockClaimRow>(sql, [keys])).rows : from.query<LockClaimRow>(sql, [keys])
}

/** `children`: builds that some of the claims' builds wait for. */
export function boardOf(claims: LockClaimRow[], children: ParentChild[] = []): LockBoard {
  const builds = groupBy(children, child => child.parent)
  return new LockBoard(claims, new Map(claims.map(({ key, maxCount }) => [key, maxCount])), new Map([...builds].map(([parent, of]) => [parent, of.flatMap(({ build }) => build ?? [])])))
}

/** Holders named in one sentence. */
const MOST_NAMED = 3

/** The first lock of those in the way and who has it, for people: `lock X held by build b/7 step test`. */
export function lockText(blockers: readonly LockClaim[], claims: readonly LockClaimRow[]): string {
  const known = new Map(claims.map(claim => [claim.id, claim]))
  const first = blockers[0]!
  const found = blockers.filter(({ key }) => key === first.key).flatMap(({ id }) => known.get(id) ?? [])
  const name = found[0]?.name ?? first.key.replace(/^(cluster|worker:\d+):/, '')
  if (found.length === 0) return `lock ${name} taken by a build that begins now`
  const named = found.slice(0, MOST_NAMED).map(claim => `build ${claim.builder}/${claim.number}${claim.step === null ? '' : ` step ${claim.stepName ?? claim.step}`}`)
  const more = found.length > MOST_NAMED ? [`${found.length - MOST_NAMED} more`] : []
  return `lock ${name} ${found[0]!.held ? 'held by' : 'that is asked for before by'} ${[...named, ...more].join(', ')}`
}
