import { readOpenInstances, readUsedPools, type OpenInstance, type UsedPool } from '@yardmaster/db/verbs/read-ledger'
import type { Provisioning } from '../deps.js'
import { failureOf } from '../do/failures.js'
import { judgeInstances } from '../do/judge-instances.js'
import { lookAtAccount, type Sightings } from '../do/look-at-account.js'
import type { Account } from '../providers/registry.js'

/** Ms between two looks at an account. */
const NOTHING_OPEN_MS = 30_000
const ALL_CONNECTED_MS = 10_000
const SOMETHING_MOVES_MS = 5_000
const SOMETHING_UNSURE_MS = 2_000
const DOUBTFUL_MS = 1_000

export type Observing = { run(signal: AbortSignal): Promise<void>; stop(): Promise<void> }

type Known = { account: Account; pool: UsedPool; instances: OpenInstance[] }
type Watch = { seen: Sightings; lookedAt: number | null; looking: Promise<void> | null }

/** Looks at every account that may hold something of ours, as often as what is open there needs, and judges what is there. */
export function observeInstances(deps: Provisioning, setAlarm: (epochMs: number | null) => void): Observing {
  const { db, clock, logger, set, observe } = deps
  const watches = new Map<string, Watch>()
  const stopping = new AbortController()
  const look = (known: Known, watch: Watch) => {
    watch.lookedAt = clock.monotonic()
    watch.looking = lookAtAccount(deps, { ...known, seen: watch.seen }, stopping.signal)
      .catch((error: unknown) => logger.warn({ pool: known.pool.pool, provider: known.account.kind, why: failureOf(error).message }, 'a provider could not be looked at'))
      .finally(() => { watch.looking = null; observe() })
  }
  return {
    async run() {
      const instances = await readOpenInstances(db, set)
      await judgeInstances(deps, instances)
      const accounts = await accountsOf(deps, instances)
      // What looks dead is judged again soon: it may be a moment's.
      let nextMs = instances.some(({ desired, observed }) => desired === 'running' && ['absent', 'stopped', 'stopping', 'error'].includes(observed)) ? DOUBTFUL_MS : Infinity
      for (const known of accounts) {
        const watch = watches.get(known.account.key) ?? { seen: new Map(), lookedAt: null, looking: null }
        watches.set(known.account.key, watch)
        if (watch.looking || stopping.signal.aborted) continue
        const dueMs = watch.lookedAt === null ? 0 : watch.lookedAt + await pauseMs(deps, known, watch) - clock.monotonic()
        if (dueMs <= 0) look(known, watch)
        else nextMs = Math.min(nextMs, dueMs)
      }
      setAlarm(nextMs === Infinity ? null : clock.now() + nextMs)
    },
    async stop() {
      stopping.abort(new Error('this process stops'))
      await Promise.allSettled([...watches.values()].map(watch => watch.looking ?? Promise.resolve()))
    },
  }
}

async function accountsOf({ db, set, providers, logger }: Provisioning, instances: OpenInstance[]): Promise<Known[]> {
  const accounts = new Map<string, Known>()
  for (const pool of await readUsedPools(db, set)) {
    try {
      const account = await providers.of(pool.generationId, pool.pool)
      const known = accounts.get(account.key) ?? { account, pool, instances: [] }
      known.instances.push(...instances.filter(({ generationId, poolId }) => generationId === pool.generationId && poolId === pool.poolId))
      accounts.set(account.key, known)
    } catch (error) {
      logger.warn({ pool: pool.pool, generation: pool.generationId, why: failureOf(error).message }, 'a provider could not be opened')
    }
  }
  return [...accounts.values()]
}

async function pauseMs({ providers }: Provisioning, { instances }: Known, { seen }: Watch): Promise<number> {
  if (instances.some(({ externalId, unsureFor }) => externalId === null && unsureFor !== null)) return SOMETHING_UNSURE_MS
  const booting = instances.filter(({ desired, connected, externalId }) => desired === 'running' && externalId !== null && !connected)
  const intervals = await Promise.all(booting.map(({ generationId, pool }) => providers.pool(generationId, pool).then(({ checkInstanceInterval }) => checkInstanceInterval * 1000, () => SOMETHING_MOVES_MS)))
  if (booting.length > 0 || seen.size > 0) return Math.min(SOMETHING_MOVES_MS, ...intervals)
  return instances.length > 0 ? ALL_CONNECTED_MS : NOTHING_OPEN_MS
}
