import { isUnavailable, transaction } from '@yardmaster/db'
import { endReplica } from '@yardmaster/db/verbs/end-replica'
import { createPeerObserver } from '@yardmaster/runtime'
import type { Replica } from './replica.js'

/** Renews this replica's lease and looks at its peers: one whose beat stands still while ours goes on is buried. */
export function startLease({ db, fence, id, clock, logger, loop }: Pick<Replica, 'db' | 'fence' | 'id' | 'clock' | 'logger' | 'loop'>): void {
  const observer = createPeerObserver({ clock })
  const beat = async () => {
    const peers = await transaction(db, fence, tx =>
      tx.query<{ id: number; beat: number; name: string }>(`SELECT id, beat, name FROM replicas WHERE state = 'alive' AND id <> $1`, [id]))
    observer.renewed()
    for (const deadId of observer.observe(peers)) {
      const peer = peers.find(candidate => candidate.id === deadId)!
      const buried = await transaction(db, fence, tx => endReplica(tx, { id: peer.id, state: 'dead', beat: peer.beat }))
      if (buried) logger.warn({ peer: peer.name, replica: peer.id }, 'a peer is dead: its duties and worker sessions are free')
    }
  }
  // No backoff: when the database is back everybody must renew at once, or those that look first would bury those that still wait.
  const beatOrWait = () => beat().catch((error: unknown) => {
    if (!isUnavailable(error)) throw error
    logger.warn({ err: error }, 'the lease could not be renewed: the database is away')
  })
  loop({ name: 'lease', everyMs: 1_000, run: beatOrWait })
}
