import { sweepArtifacts } from '@yardmaster/db/verbs/sweep-artifacts'
import { sweepDeliveries } from '@yardmaster/db/verbs/sweep-deliveries'
import { sweepOld, type Replica, type Sweep } from '@yardmaster/replica'

const EVERY_MS = 5_000
const PAUSE_MS = 60_000

/** What is removed when its time is over, and how many rows of it at once: an artifact may have a thousand pieces. */
const sweeps: { name: string; sweep: Sweep; batch: number }[] = [
  { name: 'sweep deliveries', sweep: sweepDeliveries, batch: 500 },
  { name: 'sweep artifacts', sweep: sweepArtifacts, batch: 5 },
]

/** Any number of replicas may sweep at once. */
export function startSweeping(replica: Replica): void {
  const { db, fence, clock } = replica
  for (const { name, sweep, batch } of sweeps) replica.loop({ name, everyMs: EVERY_MS, run: sweepOld({ db, fence, clock }, sweep, { batch, pauseMs: PAUSE_MS }) })
}
