import { transaction, type Database, type Fence, type Transaction } from '@yardmaster/db'
import PQueue from 'p-queue'

/** One transaction of this replica. */
export type WriteLedger = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>

/**
 * One after the other: all of a replica's transactions begin with its own row, so they would wait for each other there, each with a connection in its hands, and
 * the renewal of the lease behind all of them.
 */
export function ledgerWriter({ db, fence }: { db: Database; fence: Fence }): WriteLedger {
  const queue = new PQueue({ concurrency: 1 })
  return work => queue.add(() => transaction(db, fence, work))
}
