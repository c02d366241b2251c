import { isContended, isUnavailable, transaction, type Database } from '@yardmaster/db'
import { acceptDeliveries, type NewDelivery } from '@yardmaster/db/verbs/accept-deliveries'

/** In one transaction: so many that a commit hardly counts for each, and so few that they are quickly written. */
const MOST = 100
/** Letters of payload in one transaction. */
const LARGEST = 8_000_000

type Waiting = { delivery: NewDelivery; resolve: (isNew: boolean) => void; reject: (error: unknown) => void }

export type DeliveryIntake = {
  /** Resolves once the message is committed, so that it is built whatever dies now: whether it is new. Rejects when it could not be written. */
  accept(delivery: NewDelivery): Promise<boolean>
}

/** Messages that come while others are being committed are committed together. */
export function createIntake(db: Database): DeliveryIntake {
  const waiting: Waiting[] = []
  let busy = false
  const pump = async () => {
    if (busy) return
    busy = true
    while (waiting.length > 0) await commit(db, takeBatch(waiting))
    busy = false
  }
  return {
    accept: delivery => new Promise((resolve, reject) => {
      waiting.push({ delivery, resolve, reject })
      void pump()
    }),
  }
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let letters = 0
  const end = waiting.findIndex(({ delivery }, n) => {
    letters += delivery.payload.length
    return n >= MOST || (n > 0 && letters > LARGEST)
  })
  return waiting.splice(0, end < 0 ? waiting.length : end)
}

/** One that cannot be written must not fail the others. */
async function commit(db: Database, batch: Waiting[]): Promise<void> {
  try {
    const accepted = await transaction(db, null, tx => acceptDeliveries(tx, batch.map(({ delivery }) => delivery)))
    for (const [n, { resolve }] of batch.entries()) resolve(accepted[n] ?? false)
  } catch (error) {
    if (batch.length === 1 || isUnavailable(error) || isContended(error)) for (const { reject } of batch) reject(error)
    else for (const one of batch) await commit(db, [one])
  }
}
