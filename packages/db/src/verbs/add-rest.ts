import type { Message } from '@yardmaster/domain'
import { storableJson } from '../storable.js'
import type { Transaction } from '../transaction.js'

/** Whoever did not take it for now is asked again after so long. */
const LATER_SECONDS = 60

/**
 * What is still to be told of a notification that was sent, as notifications of their own to the same target, with its deadline: in the transaction in which it becomes sent, so that
 * nobody is told twice and nobody is forgotten.
 */
export async function addRest(tx: Transaction, { id, rest }: { id: number; rest: readonly Message[] }): Promise<void> {
  if (rest.length === 0) return
  const added = await tx.query<{ id: number; version: number; build_id: number | null }>(
    `INSERT INTO notifications (set_name, reporter, kind, target, subject, delivery, event, summary, payload, remark, on_unknown, deadline_at, due_at, builder_id, build_request_id, build_id, buildset_id, worker_id, pool_id, resent_of)
     SELECT o.set_name, o.reporter, o.kind, o.target, n.subject, n.delivery, o.event, n.summary, n.payload, o.remark, o.on_unknown, o.deadline_at, now() + make_interval(secs => $3),
       o.builder_id, o.build_request_id, o.build_id, o.buildset_id, o.worker_id, o.pool_id, o.id
     FROM notifications o, jsonb_to_recordset($2::jsonb) AS n(subject text, delivery text, summary text, payload jsonb) WHERE o.id = $1 RETURNING id, version, build_id`, [id, storableJson([...rest]), LATER_SECONDS])
  for (const row of added) tx.publish({ type: 'notification.new', id: row.id, version: row.version, project: null, parents: row.build_id === null ? {} : { build: row.build_id } })
}
