import type { Transaction } from '../transaction.js'

export type ReloadOutcome = {
  outcome: 'activated' | 'unchanged' | 'older' | 'wrong' | 'refused' | 'absent'
  /** What it read; null: nothing that could be stored. */
  generationId: number | null
  /** What is wrong with it, or likely not meant so. */
  findings: string | null
}

/** What came of it on this replica: once. */
export async function recordReload(tx: Transaction, { reloadId, replicaId, outcome, generationId, findings }: ReloadOutcome & { reloadId: number; replicaId: number }): Promise<void> {
  await tx.execute('INSERT INTO reload_outcomes (reload_id, replica_id, outcome, generation_id, findings) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING', [reloadId, replicaId, outcome, generationId, findings])
}
