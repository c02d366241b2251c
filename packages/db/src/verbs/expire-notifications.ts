import type { Transaction } from '../transaction.js'

/** What has waited past its deadline is given up. */
export async function expireNotifications(tx: Transaction, { set, limit }: { set: string; limit: number }): Promise<number> {
  const given = await tx.query<{ id: number; version: number; build_id: number | null }>(
    `UPDATE notifications SET state = 'gave_up', ended_at = now(), version = version + 1, detail = concat_ws(': ', 'its deadline is over', detail)
     WHERE id IN (SELECT id FROM notifications WHERE state = 'waiting' AND deadline_at <= now() AND set_name = $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
     RETURNING id, version, build_id`, [set, limit])
  for (const row of given) tx.publish({ type: 'notification.updated', id: row.id, version: row.version, project: null, parents: row.build_id === null ? {} : { build: row.build_id } })
  return given.length
}

/** What ended longer ago than that is forgotten. */
export function forgetNotifications(tx: Transaction, { days, limit }: { days: number; limit: number }): Promise<number> {
  return tx.execute('DELETE FROM notifications WHERE id IN (SELECT id FROM notifications WHERE ended_at < now() - make_interval(days => $1) ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)', [days, limit])
}
