import type { Transaction } from '../transaction.js'

/**
 * The set whose active generation this is; it stays that until the commit. What was decided under a generation outside the transaction
 * is written under the same one, or (null: another is active) decided again.
 */
export async function holdGeneration(tx: Transaction, generationId: number): Promise<string | null> {
  const [set] = await tx.query<{ name: string }>('SELECT name FROM configuration_sets WHERE active_generation_id = $1 FOR SHARE', [generationId])
  return set?.name ?? null
}
