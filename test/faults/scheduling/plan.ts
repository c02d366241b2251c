import { rngOf } from '../campaign/rng.js'

export type SchedulingFault =
  | { kind: 'kill'; scheduler: number; afterMs: number }
  | { kind: 'freeze'; scheduler: number; afterMs: number; forMs: number }
  | { kind: 'atCommit'; scheduler: number; transaction: string; when: 'before the commit' | 'after the commit' }
  | { kind: 'killUiApi'; afterMs: number }

/** Everything that chance decides, out of the seed. */
export type SchedulingPlan = { seed: number; hooks: number; commits: number; faults: SchedulingFault[]; /** Of 100 calls, how many go wrong at GitHub, and at the mail server. */ mishaps: { github: number; mail: number } }

/** What a scheduler writes: a kill at its commit is the hardest moment. */
const transactions = ['INSERT INTO buildsets', 'DELETE FROM pending_dispatches', 'INSERT INTO changes', 'INSERT INTO notifications', 'INSERT INTO notification_attempts', 'UPDATE notifications', 'DELETE FROM report_feed']

export function schedulingPlan({ seed, long }: { seed: number; long: boolean }): SchedulingPlan {
  const rng = rngOf(seed)
  const fault = (): SchedulingFault => {
    const scheduler = rng.below(2)
    const kind = rng.below(10)
    if (kind < 3) return { kind: 'kill', scheduler, afterMs: rng.between(50, 1_500) }
    if (kind < 4) return { kind: 'freeze', scheduler, afterMs: rng.between(50, 1_000), forMs: rng.between(7_000, 9_000) }
    if (kind < 5) return { kind: 'killUiApi', afterMs: rng.between(50, 1_000) }
    return { kind: 'atCommit', scheduler, transaction: rng.pick(transactions), when: rng.pick(['before the commit', 'after the commit'] as const) }
  }
  return {
    seed, hooks: long ? 600 : 24, commits: long ? 200 : 8, faults: Array.from({ length: long ? 120 : 6 }, fault),
    mishaps: { github: rng.between(10, 25), mail: rng.between(10, 25) },
  }
}
