import type { Transaction } from '../transaction.js'

/** What is not asked about for so long is not there any more. */
const FORGOTTEN_AFTER = '7 days'

/** Writes down that these are there, where nobody has yet, and that `gone` are not any more. Answers with ms since each was seen first, by this or an earlier process. */
export async function noteSightings(tx: Transaction, { provider, ids, gone }: { provider: string; ids: readonly string[]; gone: readonly string[] }): Promise<Map<string, number>> {
  await tx.execute(`DELETE FROM sightings WHERE provider = $1 AND (external_id = ANY($2) OR first_at < now() - interval '${FORGOTTEN_AFTER}')`, [provider, gone])
  const rows = await tx.query<{ id: string; ms: number }>(
    `INSERT INTO sightings (provider, external_id) SELECT $1, unnest($2::text[]) ON CONFLICT (provider, external_id) DO UPDATE SET first_at = sightings.first_at
     RETURNING external_id AS id, (extract(epoch FROM now() - first_at) * 1000)::float AS ms`, [provider, [...ids].sort()])
  return new Map(rows.map(({ id, ms }) => [id, ms]))
}
