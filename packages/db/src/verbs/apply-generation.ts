import { completed, type Configuration } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { makeActive } from './activate-generation.js'

/**
 * A generation that is stored becomes active, also an older one: by order, since what a replica brings never goes back.
 * active: it is already; absent: there is none with this id. Throws NamesTaken.
 */
export async function applyGeneration(tx: Transaction, generationId: number): Promise<'applied' | 'active' | 'absent'> {
  const [found] = await tx.query<{ set: string; configuration: Configuration }>('SELECT set_name AS set, configuration FROM generations WHERE id = $1', [generationId])
  if (!found) return 'absent'
  const { set, configuration } = found
  const [held] = await tx.query<{ active: number | null }>('SELECT active_generation_id AS active FROM configuration_sets WHERE name = $1 FOR NO KEY UPDATE', [set])
  if (held?.active === generationId) return 'active'
  await makeActive(tx, { id: generationId, set, configuration: completed(configuration) })
  await tx.execute('UPDATE generations SET activated_at = now() WHERE id = $1', [generationId])
  return 'applied'
}
