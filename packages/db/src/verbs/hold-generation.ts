import type { Transaction } from '../transaction.js'

/**
 * Whether the generation is still its set's active one; if so it stays that until the commit. What was decided under a generation
 * outside the transaction is written under the same one, or decided again.
 */
export async function holdGeneration(tx: Transaction, generationId: number): Promise<boolean> {
  return await tx.execute('SELECT 1 FROM configuration_sets WHERE active_generation_id = $1 FOR SHARE', [generationId]) === 1
}
