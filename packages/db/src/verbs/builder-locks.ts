import type { LockUse } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { dropUnusedLocks, lockRows } from './lock-rows.js'
import { boardOf, lockText, readLocks } from './read-locks.js'

/** What of a claim its builder's locks need. */
export type LockingClaim = { requestId: number; generationId: number; /** What its build holds from the claim to its end. */ locks?: LockUse[] }

export type BuilderLocks = {
  /** Parts the claims whose locks are free, each counting for those after it, from the others. */
  admit<Claim extends LockingClaim>(claims: Claim[]): { admitted: Claim[]; passedOver: { requestId: number; waitsFor: string; otherWorker: boolean }[] }
  /** Writes down what these builds, by request, hold. */
  hold(builds: { requestId: number; buildId: number }[]): Promise<void>
}

const none: BuilderLocks = { admit: claims => ({ admitted: claims, passedOver: [] }), hold: () => Promise.resolve() }

/**
 * The locks of these claims, kept from everybody else until the commit. A build does not wait in a queue: its request is pending until its locks are free,
 * and lets those steps go first that wait for them. Claims without locks cost nothing.
 */
export async function openBuilderLocks(tx: Transaction, claims: LockingClaim[]): Promise<BuilderLocks> {
  const uses = claims.flatMap(({ locks = [], generationId }) => locks.map(use => ({ ...use, generationId })))
  if (uses.length === 0) return none
  const rows = await lockRows(tx, uses)
  const claimed = await readLocks(tx, [...rows.keys()])
  const board = boardOf(claimed)
  const parentOf = await parentsOf(tx, claims)
  const usesOf = ({ locks = [] }: LockingClaim) => locks.map(use => ({ ...use, maxCount: rows.get(use.key)!.maxCount }))
  return {
    admit(wanted) {
      const passedOver: ReturnType<BuilderLocks['admit']>['passedOver'] = []
      const admitted = wanted.filter(claim => {
        const blockers = board.inTheWay(usesOf(claim), parentOf.get(claim.requestId) ?? null)
        if (blockers.length > 0) passedOver.push({ requestId: claim.requestId, waitsFor: `waits for ${lockText(blockers, claimed)}`, otherWorker: blockers.every(({ key }) => key.startsWith('worker:')) })
        else board.hold(usesOf(claim), { build: -claim.requestId, step: null })
        return blockers.length === 0
      })
      return { admitted, passedOver }
    },
    async hold(builds) {
      const claimOf = new Map(claims.map(claim => [claim.requestId, claim]))
      const held = builds.flatMap(({ requestId, buildId }) => (claimOf.get(requestId)!.locks ?? []).map(({ key, mode, count }) => ({ lock: rows.get(key)!.id, buildId, mode, count })))
      if (held.length > 0) {
        await tx.execute(
          'INSERT INTO lock_claims (lock_id, build_id, mode, count, held_at) SELECT *, now() FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::int[])',
          [held.map(({ lock }) => lock), held.map(({ buildId }) => buildId), held.map(({ mode }) => mode), held.map(({ count }) => count)])
      }
      await dropUnusedLocks(tx, [...rows.values()].map(({ id }) => id))
    },
  }
}

/** The builds that wait for these requests. */
async function parentsOf(tx: Transaction, claims: LockingClaim[]): Promise<Map<number, number>> {
  const rows = await tx.query<{ id: number; parent: number }>(
    'SELECT r.id, s.parent_build_id AS parent FROM build_requests r JOIN buildsets s ON s.id = r.buildset_id WHERE r.id = ANY($1) AND r.waited_for AND s.parent_build_id IS NOT NULL',
    [claims.map(({ requestId }) => requestId)])
  return new Map(rows.map(row => [row.id, row.parent]))
}
