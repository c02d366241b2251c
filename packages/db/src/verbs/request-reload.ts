import type { Transaction } from '../transaction.js'

/** Every replica of the set is to read its configuration file again. Answers with the id of the request; null: there is no such set. Those of a month ago are forgotten. */
export async function requestReload(tx: Transaction, { set, actor }: { set: string; actor: string }): Promise<number | null> {
  const [row] = await tx.query<{ id: number }>('INSERT INTO reloads (set_name, actor) SELECT name, $2 FROM configuration_sets WHERE name = $1 RETURNING id', [set, actor])
  await tx.execute(`DELETE FROM reloads WHERE set_name = $1 AND requested_at < now() - interval '30 days'`, [set])
  tx.wake('generations')
  return row?.id ?? null
}
