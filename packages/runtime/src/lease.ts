import type { Clock } from './clock.js'

export type PeerObserver = {
  /** My own lease was renewed (a writing transaction of mine committed). */
  renewed(): void
  /** What I just read of the living peers; answers the ids of those that are dead. */
  observe(peers: { id: number; beat: number }[]): number[]
}

type Standing = { beat: number; since: number; renewalsBefore: number }

/**
 * Burial by observation (no I/O, no wall clock): a peer is dead when its beat stood still for `deadAfterMs` of my monotonic
 * clock while I renewed `renewalsNeeded` times. A pause of the database stops everybody's renewals, and a pause of mine says
 * nothing about others: so a gap in my own renewals makes me forget what I saw and begin again.
 */
export function createPeerObserver({ clock, deadAfterMs = 6_000, renewalsNeeded = 3 }: { clock: Clock; deadAfterMs?: number; renewalsNeeded?: number }): PeerObserver {
  const longestGapMs = deadAfterMs / 2
  let standing = new Map<number, Standing>()
  let renewals = 0
  let lastRenewal = clock.monotonic()
  return {
    renewed() {
      const now = clock.monotonic()
      if (now - lastRenewal > longestGapMs) standing.clear()
      lastRenewal = now
      renewals += 1
    },
    observe(peers) {
      const now = clock.monotonic()
      if (now - lastRenewal > longestGapMs) return []
      standing = new Map(peers.map(({ id, beat }) => {
        const known = standing.get(id)
        return [id, known?.beat === beat ? known : { beat, since: now, renewalsBefore: renewals }]
      }))
      const isDead = (peer: Standing) => now - peer.since >= deadAfterMs && renewals - peer.renewalsBefore >= renewalsNeeded
      return [...standing].filter(([, peer]) => isDead(peer)).map(([id]) => id)
    },
  }
}
