import { buildPendingIndexes, hasPendingIndexes } from '@yardmaster/db'
import type { Replica } from './replica.js'

/** Indexes that an upgrade has left for later are built beside the work, by one process at a time; whoever finds that it ended or died goes on. */
export async function buildIndexes({ db, logger, loop }: Pick<Replica, 'db' | 'logger' | 'loop'>, url: string): Promise<void> {
  let left = await hasPendingIndexes(db)
  if (!left) return
  const onBegin = ({ name: index, migration }: { name: string; migration: string }) => logger.info({ index, migration }, 'building an index beside the work; until it is there, what it helps to find takes longer')
  loop({
    name: 'indexes', everyMs: 5_000,
    run: async signal => {
      if (!left) return
      ({ left } = await buildPendingIndexes(url, { signal, onBegin }))
      if (!left) logger.info('the indexes of the upgrade are there')
    },
  })
}
