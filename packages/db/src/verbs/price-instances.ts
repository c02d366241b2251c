import type { Price } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'

/** What machines cost, where it was not known when they were started. */
export async function priceInstances(tx: Transaction, priced: readonly { id: number; price: Price }[]): Promise<void> {
  await tx.execute('SELECT 1 FROM instances WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE', [priced.map(({ id }) => id)])
  const changed = await tx.query<{ id: number; version: number }>(
    `UPDATE instances i SET price_per_hour = p.per_hour, currency = p.currency, billing_period = p.period, version = version + 1
     FROM unnest($1::bigint[], $2::float8[], $3::text[], $4::int[]) AS p(id, per_hour, currency, period) WHERE i.id = p.id AND i.price_per_hour IS NULL RETURNING i.id, i.version`,
    [priced.map(({ id }) => id), priced.map(({ price }) => price.perHour), priced.map(({ price }) => price.currency), priced.map(({ price }) => price.period)])
  for (const instance of changed) tx.publish({ type: 'instance.updated', ...instance, project: null })
}
