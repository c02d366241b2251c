import type { Price, ProviderKind } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type InstanceWanted = {
  poolId: number
  /** The slot. */
  workerId: number
  provider: ProviderKind
  generationId: number
  /** null: its options depend on no build. */
  fingerprint: string | null
  /** The request that it is rendered for; null: for none. */
  requestId: number | null
  zone: string | null
  plan: string | null
  price: Price | null
  /** Why it is started, for people. */
  reason: string
}

export type InstancesRequested = { created: { id: number; workerId: number }[]; /** Somebody else has started one since it was planned: plan again. */ stale: boolean }

/**
 * Writes down machines that are wanted; whoever advances the ledger has them made. Plans of one configuration set follow each other: its pools are
 * held, and a plan that does not know the newest instance (`newest`: the highest id that it saw) is refused whole, so that two that plan at once for the same builds do not start
 * twice as many. A pool that is paused or backing off by now, a slot that is taken, and a request that is not pending any more are left out.
 */
export async function requestInstances(tx: Transaction, { set, newest, wanted }: { set: string; newest: number; wanted: readonly InstanceWanted[] }): Promise<InstancesRequested> {
  await tx.execute('SELECT 1 FROM worker_pools WHERE set_name = $1 ORDER BY id FOR NO KEY UPDATE', [set])
  const [unseen] = await tx.query('SELECT 1 FROM instances i JOIN worker_pools p ON p.id = i.pool_id WHERE p.set_name = $1 AND i.id > $2 LIMIT 1', [set, newest])
  if (unseen) return { created: [], stale: true }
  const rows = wanted.map(({ poolId, workerId, provider, generationId, fingerprint, requestId, zone, plan, price, reason }, position) => ({
    position, pool_id: poolId, worker_id: workerId, provider, generation_id: generationId, fingerprint, request_id: requestId, zone, plan, reason: storableText(reason).slice(0, 1000),
    price_per_hour: price?.perHour ?? null, currency: price?.currency ?? null, billing_period: price?.period ?? 1,
  }))
  const created = await tx.query<{ id: number; worker_id: number; version: number }>(
    `INSERT INTO instances (pool_id, worker_id, attempt, provider, generation_id, fingerprint, request_id, zone, plan, reason, price_per_hour, currency, billing_period)
     SELECT n.pool_id, n.worker_id, 1 + coalesce((SELECT max(o.attempt) FROM instances o WHERE o.worker_id = n.worker_id), 0), n.provider, n.generation_id, n.fingerprint, n.request_id, n.zone, n.plan, n.reason,
       n.price_per_hour, n.currency, n.billing_period
     FROM jsonb_to_recordset($1::jsonb) AS n(position int, pool_id bigint, worker_id bigint, provider text, generation_id bigint, fingerprint text, request_id bigint, zone text, plan text, reason text,
       price_per_hour float8, currency text, billing_period int)
     JOIN worker_pools p ON p.id = n.pool_id JOIN workers w ON w.id = n.worker_id
     WHERE p.active AND NOT p.paused AND p.alert IS NULL AND (p.backoff_until IS NULL OR p.backoff_until <= now()) AND w.active AND w.pool_id = p.id
       AND (n.request_id IS NULL OR EXISTS (SELECT 1 FROM build_requests r WHERE r.id = n.request_id AND r.state = 'pending'))
     ORDER BY n.position ON CONFLICT DO NOTHING RETURNING id, worker_id, version`, [JSON.stringify(rows)])
  for (const { id, version } of created) tx.publish({ type: 'instance.new', id, version, project: null })
  if (created.length > 0) tx.wake('instances')
  return { created: created.map(({ id, worker_id }) => ({ id, workerId: worker_id })), stale: false }
}
