import type { Database } from '@yardmaster/db'
import type { Json } from '@yardmaster/domain'
import type { Notification, NotificationDetails, NotificationFilter } from '@yardmaster/rest'
import { join, raw, sql, toQuery, type Sql } from '../resources/sql.js'

const seconds = (expression: string) => `extract(epoch FROM ${expression})::float8`

const SELECT = `SELECT n.id, n.set_name AS set, n.reporter, n.kind, n.target, n.subject, n.delivery, n.event, n.summary, n.remark, n.state, n.attempts, ${seconds('n.created_at')} AS "createdAt",
    CASE WHEN n.state = 'waiting' THEN ${seconds('greatest(n.due_at, (SELECT limited_until FROM notification_targets t WHERE t.target = n.target))')} END AS "nextAt",
    ${seconds('n.deadline_at')} AS "deadlineAt", ${seconds('n.ended_at')} AS "endedAt", n.detail, n.reference, n.builder_id AS builder, n.build_request_id AS buildrequest, n.build_id AS build,
    n.buildset_id AS buildset, n.worker_id AS worker, n.pool_id AS pool, n.resent_of AS "resentOf"
  FROM notifications n`

/** The newest first; `next`: the filter's `before` for those that follow, null: there are none. */
export async function readNotifications(db: Database, { reporter, target, build, state = [], before, limit = 100 }: NotificationFilter): Promise<{ notifications: Notification[]; next: number | null }> {
  const scope: Sql[] = [
    ...(reporter === undefined ? [] : [sql`n.reporter = ${reporter}`]),
    ...(target === undefined ? [] : [sql`n.target = ${target}`]),
    // Of a build's request too: what was told before it began.
    ...(build === undefined ? [] : [sql`(n.build_id = ${build} OR (n.build_id IS NULL AND n.build_request_id = (SELECT build_request_id FROM builds WHERE id = ${build})))`]),
    ...(state.length === 0 ? [] : [sql`n.state = ANY(${state}::text[])`]),
    ...(before === undefined ? [] : [sql`n.id < ${before}`]),
  ]
  const where = scope.length > 0 ? sql`WHERE ${join(scope, ' AND ')}` : raw('')
  const { rows } = await db.pool.query<Notification>(toQuery(sql`${raw(SELECT)} ${where} ORDER BY n.id DESC LIMIT ${limit + 1}`))
  const notifications = rows.slice(0, limit)
  return { notifications, next: rows.length > limit ? notifications.at(-1)?.id ?? null : null }
}

export async function readNotificationsById(db: Database, ids: readonly number[]): Promise<Notification[]> {
  const { rows } = await db.pool.query<Notification>(`${SELECT} WHERE n.id = ANY($1::bigint[])`, [ids])
  return rows
}

/** One with what is sent and each attempt. */
export async function readNotificationDetails(db: Database, id: number): Promise<NotificationDetails | null> {
  const [[notification], { rows: [row] }, { rows: tries }] = await Promise.all([
    readNotificationsById(db, [id]),
    db.pool.query<{ payload: Json }>('SELECT payload FROM notifications WHERE id = $1', [id]),
    db.pool.query<NotificationDetails['tries'][number]>(
      `SELECT number, replica_id AS replica, ${seconds('started_at')} AS "startedAt", ${seconds('ended_at')} AS "endedAt", outcome, detail FROM notification_attempts WHERE notification_id = $1 ORDER BY number`, [id]),
  ])
  return notification && row ? { ...notification, payload: row.payload, tries } : null
}
