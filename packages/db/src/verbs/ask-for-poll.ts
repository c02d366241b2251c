import type { Transaction } from '../transaction.js'

/** Has these sources polled now; one that is just being polled is polled once more. */
export async function askForPoll(tx: Transaction, sourceIds: number[]): Promise<void> {
  await tx.execute('UPDATE change_sources SET asked = true, version = version + 1 WHERE id = ANY($1) AND active', [sourceIds])
  tx.wake('polls')
}
