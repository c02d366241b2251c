import type { Database } from '@yardmaster/db'
import { readBills, type PoolBill } from '@yardmaster/db/verbs/read-bills'
import { costBetween, dayAt, type PoolConfig } from '@yardmaster/domain'
import type { Pool } from '@yardmaster/rest'

type Machines = Pool['machines'] & { building: number; idle: number }
type Row = Pick<Pool, 'id' | 'name' | 'active' | 'workers' | 'waiting' | 'failures' | 'backoff' | 'alert' | 'paused' | 'obstacle' | 'lastFailure' | 'price'> & Machines & {
  accepted: number[] | null; started: number[] | null; connected: number[] | null; booted: number; now: number
}

/** Of so many of its newest machines it is told how they did. */
const NEWEST = 200

const seconds = (expression: string) => `extract(epoch FROM ${expression})::float8`
const percentiles = (column: string) => `percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY ${column})`

const SELECT = `
  SELECT p.id, p.name, p.active, ARRAY(SELECT w.id::float8 FROM workers w WHERE w.pool_id = p.id AND w.active ORDER BY w.id) AS workers, p.failures, ${seconds('now()')} AS now, counts.*, boots.*,
    CASE WHEN p.backoff_until > now() THEN jsonb_build_object('until', ${seconds('p.backoff_until')}, 'reason', coalesce(p.backoff_reason, '')) END AS backoff,
    CASE WHEN p.alert IS NOT NULL THEN jsonb_build_object('reason', p.alert, 'since', ${seconds('p.alerted_at')}) END AS alert,
    CASE WHEN p.paused THEN jsonb_build_object('reason', p.pause_reason) END AS paused,
    CASE WHEN p.obstacle IS NOT NULL THEN jsonb_build_object('reason', p.obstacle, 'until', ${seconds('p.obstacle_until')}) END AS obstacle,
    (SELECT count(*)::int FROM build_requests r WHERE r.state = 'pending' AND r.builder_id IN
      (SELECT bw.builder_id FROM builder_workers bw JOIN workers w ON w.id = bw.worker_id WHERE w.pool_id = p.id AND w.active)) AS waiting,
    (SELECT jsonb_build_object('at', ${seconds('coalesce(f.condemned_at, f.requested_at)')}, 'instance', f.id, 'class', f.failure_class, 'message', coalesce(f.failure, ''))
      FROM (SELECT * FROM instances i WHERE i.pool_id = p.id ORDER BY i.id DESC LIMIT ${NEWEST}) f WHERE f.failure_class IS NOT NULL ORDER BY f.id DESC LIMIT 1) AS "lastFailure",
    (SELECT jsonb_build_object('perHour', b.price_per_hour, 'currency', b.currency, 'period', b.billing_period)
      FROM (SELECT * FROM instances i WHERE i.pool_id = p.id ORDER BY i.id DESC LIMIT ${NEWEST}) b WHERE b.price_per_hour IS NOT NULL AND b.currency IS NOT NULL ORDER BY b.id DESC LIMIT 1) AS price
  FROM worker_pools p
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'requested')::int AS requested, count(*) FILTER (WHERE state = 'creating')::int AS creating,
        count(*) FILTER (WHERE state = 'booting')::int AS booting, count(*) FILTER (WHERE state = 'ready')::int AS ready, count(*) FILTER (WHERE state = 'removing')::int AS removing,
        count(*) FILTER (WHERE state = 'ready' AND builds)::int AS building, count(*) FILTER (WHERE state = 'ready' AND NOT builds)::int AS idle
      FROM (SELECT CASE WHEN i.desired = 'gone' THEN 'removing' WHEN s.connected THEN 'ready' WHEN i.operation = 'create' OR i.unsure_since IS NOT NULL THEN 'creating'
            WHEN i.observed IN ('unknown', 'absent') THEN 'requested' ELSE 'booting' END AS state,
          EXISTS (SELECT 1 FROM builds b WHERE b.worker_id = i.worker_id AND b.complete_at IS NULL) AS builds
        FROM instances i LEFT JOIN worker_sessions s ON s.instance_id = i.id AND s.connected WHERE i.pool_id = p.id AND i.gone_at IS NULL) machine) counts
    CROSS JOIN LATERAL (SELECT count(*)::int AS booted, ${percentiles('accepted')} AS accepted, ${percentiles('started')} AS started, ${percentiles('connected')} AS connected
      FROM (SELECT ${seconds('coalesce(i.created_at, i.connected_at) - i.requested_at')} AS accepted, ${seconds('coalesce(i.started_at, i.connected_at) - i.requested_at')} AS started,
          ${seconds('i.connected_at - i.requested_at')} AS connected
        FROM (SELECT * FROM instances x WHERE x.pool_id = p.id ORDER BY x.id DESC LIMIT ${NEWEST}) i WHERE i.connected_at IS NOT NULL) boot) boots`

/** Those that a configuration names or that have machines, in the order of their names; or the one of that name or number. */
export async function readPools(db: Database, configured: readonly PoolConfig[], which: string | null = null): Promise<Pool[]> {
  const { rows } = await db.pool.query<Row>(
    `${SELECT} WHERE CASE WHEN $1::text IS NULL THEN p.active OR EXISTS (SELECT 1 FROM instances i WHERE i.pool_id = p.id AND i.gone_at IS NULL) ELSE p.name = $1 OR p.id::text = $1 END
     ORDER BY p.name = $1 DESC, p.name`, [which])
  const pools = which === null ? rows : rows.slice(0, 1)
  const bills = await readBills(db, pools.map(pool => pool.id))
  return pools.map(row => present(row, configured.find(({ name }) => row.active && name === row.name) ?? null, bills.filter(bill => bill.poolId === row.id)))
}

function present({ now, booted, accepted, started, connected, requested, creating, booting, ready, removing, ...row }: Row, config: PoolConfig | null, bills: readonly PoolBill[]): Pool {
  const { from } = dayAt(now * 1000, config?.dailyCap?.timeZone ?? 'UTC')
  const currency = bills.at(-1)?.currency ?? row.price?.currency ?? null
  const today = bills.filter(bill => bill.currency === currency).reduce((sum, bill) => sum + costBetween(bill, { from, until: now * 1000 }), 0)
  const boot = accepted && started && connected && { machines: booted, created: named(accepted), started: named(started), connected: named(connected) }
  return {
    ...row, machines: { requested, creating, booting, ready, removing }, configured: config && configuredOf(config), cap: config?.dailyCap ?? null, boot,
    spent: currency === null ? null : { today, since: from / 1000, currency },
  }
}

const named = ([p50 = 0, p90 = 0, p99 = 0]: number[]) => ({ p50, p90, p99 })

function configuredOf({ provider, min, max, warm, buildWaitTimeout, missingTimeout, maxUses, maxAge, zones, plans, scaleIn }: PoolConfig): NonNullable<Pool['configured']> {
  return { provider: provider.kind, min, max, warm, buildWaitTimeout, missingTimeout, maxUses, maxAge, zones, plans, scaleIn }
}
