import { transaction, type Database } from '@yardmaster/db'
import { takeDuty } from '@yardmaster/db/verbs/take-duty'
import type { Clock } from '@yardmaster/runtime'

const LEASE_SECONDS = 10
/** Asked again long before the lease ends. */
const HELD_FOR_MS = 3_000
/** Somebody else has it: a dead holder's duties are removed with its burial, so asking often gains little. */
const NOT_HELD_FOR_MS = 2_000

/** The leases of one replica; its answers are good for some seconds, so that a busy loop does not ask the database each time. */
export function createDuties({ db, replicaId, clock }: { db: Database; replicaId: number; clock: Clock }): (name: string) => Promise<boolean> {
  const answers = new Map<string, { held: boolean; until: number }>()
  return async name => {
    const known = answers.get(name)
    if (known && clock.monotonic() < known.until) return known.held
    const asked = clock.monotonic()
    // Reading first: most ask in vain, and a writing transaction costs an idle installation ten times as much.
    const held = !await heldByAnother(db, name, replicaId) && await transaction(db, { replicaId }, tx => takeDuty(tx, { name, replicaId, seconds: LEASE_SECONDS }))
    answers.set(name, { held, until: asked + (held ? HELD_FOR_MS : NOT_HELD_FOR_MS) })
    return held
  }
}

async function heldByAnother(db: Database, name: string, replicaId: number): Promise<boolean> {
  const { rowCount } = await db.pool.query('SELECT 1 FROM duties WHERE name = $1 AND replica_id <> $2 AND until >= now()', [name, replicaId])
  return rowCount === 1
}
