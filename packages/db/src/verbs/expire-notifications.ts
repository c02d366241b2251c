import type { Transaction } from '../transaction.js'

/** What has waited past its deadline is given up, of whatever set: one that nobody serves any more would hold the lines of others. */
export async function expireNotifications(tx: Transaction, { limit }: { limit: number }): Promise<number> {
  const given = await tx.query<{ id: number; version: number; build_id: number | null }>(
    `UPDATE notifications SET state = 'gave_up', ended_at = now(), version = version + 1, detail = concat_ws(': ', 'its deadline is over', detail)
     WHERE id IN (SELECT id FROM notifications WHERE state = 'waiting' AND deadline_at <= now() ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED)
     RETURNING id, version, build_id`, [limit])
  for (const row of given) tx.publish({ type: 'notification.updated', id: row.id, version: row.version, project: null, parents: row.build_id === null ? {} : { build: row.build_id } })
  if (given.length > 0) tx.wake('notifications')
  return given.length
}

/** What nobody has planned for so long is told to nobody: its set is served no more. The oldest of the feed first; returns how many there were. */
export function forgetFeed(tx: Transaction, { days, limit }: { days: number; limit: number }): Promise<number> {
  return tx.execute('DELETE FROM report_feed WHERE id IN (SELECT id FROM report_feed ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED) AND created_at < now() - make_interval(days => $1)', [days, limit])
}

/** What ended longer ago than that is forgotten. */
export function forgetNotifications(tx: Transaction, { days, limit }: { days: number; limit: number }): Promise<number> {
  return tx.execute('DELETE FROM notifications WHERE id IN (SELECT id FROM notifications WHERE ended_at < now() - make_interval(days => $1) ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)', [days, limit])
}
