import type { FaultRule } from '@yardmaster/providers/upcloud-simulator'
import type { CommitPoint } from '../../kit/postgres-proxy.js'
import { rngOf, type Rng } from '../campaign/rng.js'

/** Provisioners are killed around a commit of theirs, after a while, both at once, or not at all. */
export type Strike = { at: 'commit'; point: CommitPoint; /** The other one is killed so many ms later; null: it goes on. */ otherAfterMs: number | null } | { at: 'time'; afterMs: number; who: 0 | 1 | 'both' } | null

/** One run: some builds are asked for, something goes wrong, and it all must end with nothing left. */
export type Run = {
  number: number
  builds: number
  buildSeconds: number
  faults: FaultRule[]
  strike: Strike
  /** Somebody deletes a machine in the provider's own panel, without its disks. */
  deletesMachine: boolean
}

const SERVERS = { method: 'POST', path: '^/server/?$' }
const STOP = { method: 'POST', path: '^/server/[^/]+/stop$' }
const DELETE = { method: 'DELETE', path: '^/server/' }
const LIST = { method: 'GET', path: '^/(server/?$|storage)' }

const faults: readonly ((rng: Rng) => FaultRule)[] = [
  () => ({ kind: 'lostAnswer', match: SERVERS }),
  () => ({ kind: 'lostRequest', match: SERVERS }),
  () => ({ kind: 'failedAfterDone', match: SERVERS, status: 403, code: 'ACTION_FORBIDDEN' }),
  () => ({ kind: 'failedAfterDone', match: SERVERS, status: 503 }),
  rng => ({ kind: 'status', match: SERVERS, status: rng.pick([429, 500, 503]), times: rng.between(1, 2) }),
  rng => ({ kind: 'delay', match: SERVERS, ms: rng.between(200, 2_500), after: true }),
  rng => ({ kind: 'noCapacity', match: SERVERS, times: rng.between(1, 2) }),
  () => ({ kind: 'creatingLimit', match: SERVERS }),
  () => ({ kind: 'errorState', match: SERVERS, ms: 1_500 }),
  () => ({ kind: 'spuriousMaintenance', match: SERVERS, afterMs: 100, ms: 800 }),
  rng => ({ kind: 'stuckMaintenance', match: SERVERS, ms: rng.between(1_000, 4_000) }),
  () => ({ kind: 'noBoot', match: SERVERS }),
  rng => ({ kind: 'powerLoss', match: SERVERS, ms: rng.between(100, 1_500) }),
  () => ({ kind: 'lostAnswer', match: STOP }),
  () => ({ kind: 'status', match: STOP, status: 409, code: 'SERVER_STATE_ILLEGAL' }),
  () => ({ kind: 'stuckMaintenance', match: STOP, ms: 2_000 }),
  () => ({ kind: 'lostAnswer', match: DELETE }),
  rng => ({ kind: 'status', match: DELETE, status: rng.pick([409, 500, 503]), times: rng.between(1, 3) }),
  () => ({ kind: 'failedAfterDone', match: DELETE, status: 503 }),
  rng => ({ kind: 'listLag', match: LIST, ms: rng.between(500, 1_500), times: 6 }),
  rng => ({ kind: 'status', match: LIST, status: rng.pick([500, 503]), times: rng.between(1, 3) }),
  () => ({ kind: 'lostAnswer', match: LIST, times: 2 }),
]

/** What a provisioner commits in the life of a machine. */
const points: readonly RegExp[] = [
  /INSERT INTO instances/, /operation = \$2, operation_replica_id = \$3/, /external_id = \$4/, /desired = 'gone', condemned_at/, /gone_at = now\(\)/, /external_id = coalesce/, /retry_at = now\(\)/,
]

/** The whole run, from its seed alone. */
export function runOf(seed: number, number: number): Run {
  const rng = rngOf(seed * 100_003 + number)
  return {
    number, builds: rng.between(1, 3), buildSeconds: rng.between(0, 8) / 10,
    faults: Array.from({ length: rng.pick([0, 1, 1, 1, 2]) }, () => rng.pick(faults)(rng)),
    strike: strikeOf(rng), deletesMachine: rng.below(12) === 0,
  }
}

function strikeOf(rng: Rng): Strike {
  const kind = rng.below(10)
  if (kind < 6) return { at: 'commit', point: { transaction: rng.pick(points), when: rng.pick(['before the commit', 'after the commit']) }, otherAfterMs: rng.pick([null, 0, rng.between(1, 1_500)]) }
  if (kind < 9) return { at: 'time', afterMs: rng.between(0, 4_000), who: rng.pick([0, 1, 'both']) }
  return null
}
