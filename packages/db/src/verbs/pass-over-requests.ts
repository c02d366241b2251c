import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

const YEAR = 365 * 24 * 3600

export type PassingOver = {
  requestId: number
  /** For people. */
  waitsFor: string
  /** Seconds from now in which it is not to be looked at; of more than a year, a year. */
  notForSeconds?: number
}

/** Says of pending requests what they wait for. Those that others work on at the moment are left as they are: they are looked at again. */
export async function passOverRequests(tx: Transaction, requests: readonly PassingOver[]): Promise<void> {
  if (requests.length === 0) return
  const locked = await tx.query<{ id: number }>(
    `SELECT id FROM build_requests WHERE id = ANY($1) AND state = 'pending' ORDER BY id FOR UPDATE SKIP LOCKED`, [requests.map(request => request.requestId)])
  const ids = new Set(locked.map(row => row.id))
  const told = requests.filter(request => ids.has(request.requestId))
  await tx.execute(
    `UPDATE build_requests r SET waits_for = p.waits_for, not_before = CASE WHEN p.seconds IS NULL THEN r.not_before ELSE now() + make_interval(secs => least(p.seconds, $4)) END, version = r.version + 1
     FROM unnest($1::bigint[], $2::text[], $3::float8[]) AS p(id, waits_for, seconds)
     WHERE r.id = p.id AND (r.waits_for IS DISTINCT FROM p.waits_for OR p.seconds IS NOT NULL)`,
    [told.map(request => request.requestId), told.map(request => storableText(request.waitsFor)), told.map(request => request.notForSeconds ?? null), YEAR])
}
