import type { Transaction } from '../transaction.js'

/** Has these sources polled now; one that is just being polled is polled once more. */
export async function askForPoll(tx: Transaction, sourceIds: number[]): Promise<void> {
  const asked = await tx.query<{ id: number; version: number }>('UPDATE change_sources SET asked = true, version = version + 1 WHERE id = ANY($1) AND active RETURNING id, version', [sourceIds])
  tx.publish(...asked.map(source => ({ type: 'changesource.updated' as const, ...source, project: null })))
  tx.wake('polls')
}
