import { Counter, Gauge, Histogram, type Registry } from '@yardmaster/runtime'
import type { Database } from '@yardmaster/db'
import type { AttemptOutcome } from '@yardmaster/domain'

export type SendingMetrics = { attempted(kind: string, outcome: AttemptOutcome, seconds: number): void }

/** Attempts by kind and outcome, their duration, and how many notifications are in each state that somebody should look at. */
export function sendingMetrics(registry: Registry, db: Database): SendingMetrics {
  const attempts = new Counter({ name: 'yardmaster_notification_attempts_total', help: 'Attempts at telling somebody, by kind of reporter and outcome', labelNames: ['kind', 'outcome'], registers: [registry] })
  const seconds = new Histogram({ name: 'yardmaster_notification_attempt_seconds', help: 'Duration of attempts, by kind of reporter', labelNames: ['kind'], buckets: [0.05, 0.2, 1, 5, 20, 60], registers: [registry] })
  registry.registerMetric(new Gauge({
    name: 'yardmaster_notifications', help: 'Notifications that are open, unknown or given up, by state', labelNames: ['state'], registers: [],
    async collect() {
      const { rows } = await db.pool.query<{ state: string; count: number }>(`SELECT state, count(*) FROM notifications WHERE state = ANY('{waiting,sending,unknown,gave_up,refused}') GROUP BY state`)
      for (const state of ['waiting', 'sending', 'unknown', 'gave_up', 'refused']) this.set({ state }, rows.find(row => row.state === state)?.count ?? 0)
    },
  }))
  return {
    attempted(kind, outcome, took) {
      attempts.inc({ kind, outcome })
      seconds.observe({ kind }, took)
    },
  }
}
