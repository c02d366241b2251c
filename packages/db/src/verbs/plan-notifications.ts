import type { Json, Message } from '@yardmaster/domain'
import { storableJson, storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { holdGeneration } from './hold-generation.js'

/** The rows that it is about, as far as there are some. */
export type NotificationSubject = { builderId: number | null; buildRequestId: number | null; buildId: number | null; buildsetId: number | null; workerId: number | null; poolId: number | null }

export type NewNotification = Message & {
  reporter: string
  kind: string
  event: string
  /** When it happened, in epoch seconds: a message's deadline counts from there, however late it is planned. Absent: now. */
  at?: number
  onUnknown: 'stop' | 'retry'
  remark: string | null
  about: NotificationSubject
  /** Set where nothing can be sent: what went wrong. */
  refused: string | null
}

export type Plan = { generationId: number; feedIds: number[]; notifications: NewNotification[] }

/**
 * What is told of some commits is written, and their rows in the feed go, together and once. A newer status takes the place of those of its subject that nobody has begun to send.
 * 'lost': somebody planned them before. 'superseded': another generation became active meanwhile, its reporters are to be asked. Both wrote nothing.
 */
export async function planNotifications(tx: Transaction, { generationId, feedIds, notifications }: Plan): Promise<'planned' | 'lost' | 'superseded'> {
  const set = await holdGeneration(tx, generationId)
  if (set === null) return 'superseded'
  const held = await tx.execute('SELECT 1 FROM report_feed WHERE id = ANY($1) AND set_name = $2 ORDER BY id FOR UPDATE', [feedIds, set])
  if (held !== feedIds.length) return 'lost'
  await tx.execute('DELETE FROM report_feed WHERE id = ANY($1)', [feedIds])
  if (notifications.length === 0) return 'planned'
  await tx.execute('INSERT INTO notification_targets (target) SELECT DISTINCT t FROM unnest($1::text[]) t ORDER BY 1 ON CONFLICT DO NOTHING', [notifications.map(one => storableText(one.target))])
  const added = await tx.query<{ id: number; version: number; build_id: number | null }>(
    `INSERT INTO notifications (set_name, reporter, kind, target, subject, delivery, event, summary, payload, remark, on_unknown, deadline_at, state, detail, ended_at,
       builder_id, build_request_id, build_id, buildset_id, worker_id, pool_id)
     SELECT $2, reporter, kind, target, subject, delivery, event, summary, payload, remark, on_unknown, CASE WHEN delivery = 'message' THEN least(now(), to_timestamp(at)) ELSE now() END + make_interval(secs => deadline), CASE WHEN refused IS NULL THEN 'waiting' ELSE 'refused' END, refused,
       CASE WHEN refused IS NOT NULL THEN now() END, builder_id, build_request_id, build_id, buildset_id, worker_id, pool_id
     FROM jsonb_to_recordset($1::jsonb) AS n(position int, reporter text, kind text, target text, subject text, delivery text, event text, summary text, payload jsonb, remark text, on_unknown text,
       deadline float8, at float8, refused text, builder_id bigint, build_request_id bigint, build_id bigint, buildset_id bigint, worker_id bigint, pool_id bigint) ORDER BY position
     RETURNING id, version, build_id`, [storableJson(notifications.map(rowOf)), set])
  const replaced = await tx.query<{ id: number; version: number; build_id: number | null }>(
    `UPDATE notifications o SET state = 'superseded', detail = 'a newer status took its place', ended_at = now(), version = o.version + 1
     WHERE o.state = 'waiting' AND o.delivery = 'status' AND EXISTS (SELECT 1 FROM notifications n WHERE n.id = ANY($1) AND n.id > o.id AND n.state = 'waiting' AND n.delivery = 'status'
       AND n.set_name = o.set_name AND n.reporter = o.reporter AND n.target = o.target AND n.subject = o.subject)
       AND (o.target, o.subject) IN (SELECT n.target, n.subject FROM notifications n WHERE n.id = ANY($1))
     RETURNING id, version, build_id`, [added.map(row => row.id)])
  for (const row of added) tx.publish({ type: 'notification.new', id: row.id, version: row.version, project: null, parents: row.build_id === null ? {} : { build: row.build_id } })
  for (const row of replaced) tx.publish({ type: 'notification.updated', id: row.id, version: row.version, project: null, parents: row.build_id === null ? {} : { build: row.build_id } })
  tx.wake('notifications')
  return 'planned'
}

function rowOf({ about, onUnknown, ...one }: NewNotification, position: number): { [column: string]: Json } {
  return {
    ...one, position, on_unknown: onUnknown, builder_id: about.builderId, build_request_id: about.buildRequestId, build_id: about.buildId, buildset_id: about.buildsetId,
    worker_id: about.workerId, pool_id: about.poolId,
  }
}
