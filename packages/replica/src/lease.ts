import { isUnavailable, transaction } from '@yardmaster/db'
import { endReplica } from '@yardmaster/db/verbs/end-replica'
import { createPeerObserver } from '@yardmaster/runtime'
import type { Replica } from './replica.js'

/** Silence after which peers may have buried us; they wait at least this long. */
const CUT_OFF_MS = 6_000
/** Between two renewals: what waited for longer than this has met a database that was away. */
const LONGEST_GAP_MS = 3_000

export type LeaseDeps = Pick<Replica, 'db' | 'fence' | 'id' | 'clock' | 'logger' | 'loop'> & {
  /** The database answers again after a while without. */
  onBack: () => void
}

/** Renews this replica's lease and looks at its peers: one whose beat stands still while ours goes on is buried. */
export function startLease({ db, fence, id, clock, logger, loop, onBack }: LeaseDeps): Replica['lease'] {
  const observer = createPeerObserver({ clock })
  let beatAt = clock.monotonic()
  let renewedAt = beatAt
  let steadyFrom = beatAt
  db.onRenewed = () => { renewedAt = clock.monotonic() }
  const onBeat = () => {
    const gapMs = clock.monotonic() - beatAt
    beatAt += gapMs
    observer.renewed()
    if (gapMs <= LONGEST_GAP_MS) return
    steadyFrom = beatAt
    logger.info({ gapMs: Math.round(gapMs) }, 'the lease is renewed again')
    onBack()
  }
  const beat = async () => {
    const peers = await transaction(db, fence, tx =>
      tx.query<{ id: number; beat: number; name: string }>(`SELECT id, beat, name FROM replicas WHERE state = 'alive' AND id <> $1`, [id]), db.leasePool)
    onBeat()
    for (const deadId of observer.observe(peers)) {
      const peer = peers.find(candidate => candidate.id === deadId)!
      const buried = await transaction(db, fence, tx => endReplica(tx, { id: peer.id, state: 'dead', beat: peer.beat }), db.leasePool)
      if (buried) logger.warn({ peer: peer.name, replica: peer.id }, 'a peer is dead: its duties and worker sessions are free')
    }
  }
  // No backoff: when the database is back everybody must renew at once, or those that look first would bury those that still wait.
  const beatOrWait = () => beat().catch((error: unknown) => {
    if (!isUnavailable(error)) throw error
    db.suspect()
    logger.warn({ err: error }, 'the lease could not be renewed: the database is away')
  })
  loop({ name: 'lease', everyMs: 1_000, run: beatOrWait })
  return {
    cutOff: () => clock.monotonic() - renewedAt > CUT_OFF_MS,
    steadyMs: () => (clock.monotonic() - beatAt > LONGEST_GAP_MS ? 0 : clock.monotonic() - steadyFrom),
  }
}
