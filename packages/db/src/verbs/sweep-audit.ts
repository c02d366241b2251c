import type { Transaction } from '../transaction.js'

/** Removes what is kept no longer: of control actions those of 400 days ago, of refused ones those of 30, of tokens those that have not worked for 90. Returns how many rows. */
export async function sweepAudit(tx: Transaction, { limit }: { limit: number }): Promise<number> {
  const refused = await tx.execute(
    `DELETE FROM control_actions WHERE id IN (SELECT id FROM control_actions WHERE outcome = 'refused' AND at < now() - interval '30 days' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)`, [limit])
  const done = await tx.execute(
    `DELETE FROM control_actions WHERE id IN (SELECT o.id FROM (SELECT id, at FROM control_actions ORDER BY id LIMIT $1) o WHERE o.at < now() - interval '400 days')`, [limit])
  const tokens = await tx.execute(
    `DELETE FROM api_tokens WHERE id IN (SELECT id FROM api_tokens WHERE expires_at < now() - interval '90 days' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)`, [limit])
  return refused + done + tokens
}
