import { transaction, type Database } from '@yardmaster/db'
import { addChanges, type DeliveryKey, type NewChange } from '@yardmaster/db/verbs/add-change'

/** Commits the changes of one message, so that they are built whatever dies now. Returns false when the same message was accepted before. */
export async function acceptChanges(db: Database, delivery: DeliveryKey | null, changes: NewChange[]): Promise<boolean> {
  return await transaction(db, null, tx => addChanges(tx, delivery, changes)) !== null
}
