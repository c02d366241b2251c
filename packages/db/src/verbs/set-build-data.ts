import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type BuildDataRow = { buildId: number; name: string; value: Uint8Array; source: string }

/** Keeps bytes with builds under names, in place of what had them. Of two of one build and name the last one stays. */
export async function setBuildData(tx: Transaction, given: readonly BuildDataRow[]): Promise<void> {
  const rows = [...new Map(given.map(row => [`${row.buildId} ${row.name}`, row])).values()].toSorted((a, b) => a.buildId - b.buildId || (a.name < b.name ? -1 : 1))
  for (const { buildId, name, value, source } of rows) {
    await tx.execute(
      `INSERT INTO build_data (build_id, name, value, source) VALUES ($1, $2, $3, $4)
       ON CONFLICT (build_id, name) DO UPDATE SET value = excluded.value, source = excluded.source`, [buildId, name, value, storableText(source)])
  }
}
