import { transaction } from '@yardmaster/db'
import { recordReload } from '@yardmaster/db/verbs/record-reload'
import { bringConfiguration } from './bring-configuration.js'
import type { Replica } from './replica.js'

/** Reads the configuration again whenever that is ordered (`yard reload`), and writes down what came of it. */
export async function followReloads(replica: Replica): Promise<void> {
  const { id, db, bus, settings, logger, loop } = replica
  const newest = async (): Promise<number> => (await db.pool.query<{ id: number }>('SELECT id FROM reloads WHERE set_name = $1 ORDER BY id DESC LIMIT 1', [settings.set])).rows[0]?.id ?? 0
  // What was ordered before it started is done: it has just read its file.
  let seen = await newest()
  const follow = loop({
    name: 'reloads', everyMs: 5_000,
    async run() {
      const ordered = await newest()
      if (ordered <= seen) return
      logger.info({ reload: ordered }, 'reading the configuration again, as ordered')
      const outcome = await bringConfiguration(replica)
      await transaction(db, null, async tx => {
        // Orders that came together are answered by one look at the file.
        const orders = await tx.query<{ id: number }>('SELECT id FROM reloads WHERE set_name = $1 AND id > $2 AND id <= $3 ORDER BY id', [settings.set, seen, ordered])
        for (const order of orders) await recordReload(tx, { ...outcome, reloadId: order.id, replicaId: id })
      })
      seen = ordered
    },
  })
  bus.onWake('generations', () => follow.notify())
}
