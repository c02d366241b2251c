import type { LockUse, LockWaiter } from '@yardmaster/domain'
import type { Session } from '../group-commit/facts.js'
import { groupBy } from '../group-by.js'
import type { Transaction } from '../transaction.js'
import { lockRows, type SizedUse } from './lock-rows.js'
import { boardOf, readLocks } from './read-locks.js'
import { readParentWaits } from './read-parent-waits.js'

/** A step wants to begin. */
export type LockAsk = { session: Session; buildId: number; step: number; generationId: number; uses: LockUse[] }

/** lost: the build has ended, or another engine speaks for it. */
export type LockAnswer = 'held' | 'waiting' | 'lost'

type ClaimRow = { build_id: number; step: number | null; key: string; name: string; max_count: number; generation_id: number; mode: LockUse['mode']; count: number; held: boolean }
type Asked = LockAsk & { key: string; claimed: boolean; wanted: SizedUse[] }

/**
 * Steps take all of their locks at once, or wait in the queue of each. Asking again is how one that waits is let in, and changes nothing for one that holds:
 * what a step once asked for stands, also when another engine asks for it now. A lock that the step's build holds counts as held.
 * Answers in the order of the asks.
 */
export async function takeLocks(tx: Transaction, replicaId: number, asks: LockAsk[]): Promise<LockAnswer[]> {
  const asked = await withClaims(tx, await withLiveSessions(tx, replicaId, asks))
  const open = asked.filter(ask => ask.wanted.length > 0)
  const held = new Set(asked.filter(ask => ask.wanted.length === 0).map(ask => ask.key))
  if (open.length > 0) {
    const rows = await lockRows(tx, open.flatMap(ask => ask.wanted))
    await insertClaims(tx, open.filter(ask => !ask.claimed), new Map([...rows].map(([key, row]) => [key, row.id])))
    const keys = new Set(open.map(ask => ask.key))
    const letIn = await turns(tx, [...rows.keys()], keys)
    if (letIn.length > 0) await tx.execute('UPDATE lock_claims SET held_at = now() WHERE id = ANY($1)', [letIn.flatMap(waiter => waiter.claims.map(({ id }) => id))])
    for (const { build, step } of letIn) held.add(keyOf(build, step))
  }
  const live = new Set(asked.map(ask => ask.key))
  return asks.map(({ buildId, step }) => (!live.has(keyOf(buildId, step)) ? 'lost' : held.has(keyOf(buildId, step)) ? 'held' : 'waiting'))
}

/** Those of the steps `asking` whose turn it is. Whose children wait for locks matters only where somebody has to wait. */
async function turns(tx: Transaction, locks: string[], asking: ReadonlySet<string>): Promise<LockWaiter[]> {
  const claims = await readLocks(tx, locks)
  const asked = ({ build, step }: LockWaiter) => asking.has(keyOf(build, step))
  const { held, waiting } = boardOf(claims).letIn()
  if (!waiting.some(({ waiter }) => asked(waiter))) return held.filter(asked)
  const children = await readParentWaits(tx, [...new Set(claims.map(({ build }) => build))])
  return children.length === 0 ? held.filter(asked) : boardOf(claims, children).letIn().held.filter(asked)
}

const keyOf = (build: number, step: number | null) => `${build}/${step ?? ''}`

async function withLiveSessions(tx: Transaction, replicaId: number, asks: LockAsk[]): Promise<LockAsk[]> {
  const rows = await tx.query<{ worker_id: number; number: number }>(
    'SELECT worker_id, number FROM worker_sessions WHERE worker_id = ANY($1) AND replica_id = $2 ORDER BY worker_id FOR SHARE', [[...new Set(asks.map(ask => ask.session.workerId))], replicaId])
  const numbers = new Map(rows.map(row => [row.worker_id, row.number]))
  return asks.filter(({ session }) => [session.number, session.opening].includes(numbers.get(session.workerId) ?? -1))
}

/** What each ask still wants: what it waits for, if it has asked before. Only who has the session writes a build's claims, so they stay as they are read. */
async function withClaims(tx: Transaction, asks: LockAsk[]): Promise<Asked[]> {
  const rows = await tx.query<{ id: number } & (ClaimRow | { build_id: null })>(
    `SELECT b.id, c.build_id, c.step_number AS step, l.key, l.name, l.max_count, l.generation_id, c.mode, c.count, c.held_at IS NOT NULL AS held
     FROM builds b LEFT JOIN lock_claims c ON c.build_id = b.id LEFT JOIN locks l ON l.id = c.lock_id WHERE b.id = ANY($1) AND b.complete_at IS NULL`, [asks.map(ask => ask.buildId)])
  const claimsOf = groupBy(rows, row => row.id)
  return asks.filter(ask => claimsOf.has(ask.buildId)).map(ask => {
    const claims = claimsOf.get(ask.buildId)!.filter((row): row is ClaimRow & { id: number } => row.build_id !== null)
    const own = claims.filter(claim => claim.step === ask.step)
    const ofBuild = new Set(claims.filter(claim => claim.step === null).map(claim => claim.key))
    const wanted = own.length > 0
      ? own.filter(claim => !claim.held).map(({ key, name, mode, count, max_count: maxCount, generation_id: generationId }) => ({ key, name, mode, count, maxCount, generationId }))
      : ask.uses.filter(use => !ofBuild.has(use.key)).map(use => ({ ...use, generationId: ask.generationId }))
    return { ...ask, key: keyOf(ask.buildId, ask.step), claimed: own.length > 0, wanted }
  })
}

async function insertClaims(tx: Transaction, asks: Asked[], idOf: Map<string, number>): Promise<void> {
  const claims = asks.flatMap(ask => ask.wanted.map(use => ({ lock: idOf.get(use.key), build: ask.buildId, step: ask.step, mode: use.mode, count: use.count })))
  if (claims.length === 0) return
  await tx.execute(
    `INSERT INTO lock_claims (lock_id, build_id, step_number, mode, count)
     SELECT lock, build, step, mode, count FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (lock bigint, build bigint, step int, mode text, count int)) WITH ORDINALITY AS c(lock, build, step, mode, count, place) ORDER BY place`,
    [JSON.stringify(claims)])
}
