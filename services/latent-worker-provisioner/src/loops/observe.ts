import { setMaxListeners } from 'node:events'
import { notePoolFailure } from '@yardmaster/db/verbs/note-pool-failure'
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

export type Observing = { run(): Promise<void>; stop(): Promise<void> }

type Known = { account: Account; /** All that share the account, the newest configuration's first. */ pools: UsedPool[]; instances: OpenInstance[] }
/** Moments are monotonic. `answeredAt`: the last look that was answered began then. */
type Watch = { seen: Sightings; lookedAt: number | null; answeredAt: number | null; looking: Promise<void> | null }

/** Looks at every account that may hold something of ours, as often as what is open there needs, and judges what is there. */
export function observeInstances(deps: Provisioning, setAlarm: (epochMs: number | null) => void): Observing {
  const { db, clock, set, observe } = deps
  const told = new Map<string, string>()
  const watches = new Map<string, Watch>()
  const stopping = new AbortController()
  // One for each call under way, of any number of accounts.
  setMaxListeners(0, stopping.signal)
  const look = (known: Known, watch: Watch) => {
    const begun = clock.monotonic()
    watch.lookedAt = begun
    watch.looking = lookAtAccount(deps, { ...known, seen: watch.seen }, stopping.signal)
      .then(unseen => {
        watch.answeredAt = begun
        if (unseen === null) told.delete(known.account.key)
        else if (isNews(told, known.account.key, unseen)) deps.logger.warn({ provider: known.account.kind, why: unseen }, 'a machine could not be looked at')
      }, (error: unknown) => blind(deps, known, { error, told }))
      .finally(() => { watch.looking = null; observe() })
  }
  return {
    async run() {
      const instances = await readOpenInstances(db, set)
      const accounts = await accountsOf(deps, instances, told)
      const answers = new Map(accounts.flatMap(({ account, instances: own }) => own.map(({ id }) => [id, watches.get(account.key)?.answeredAt ?? null] as const)))
      await judgeInstances(deps, instances, ({ id }) => answers.get(id) ?? null)
      let nextMs = Infinity
      for (const known of accounts) {
        const watch = watches.get(known.account.key) ?? { seen: new Map(), lookedAt: null, answeredAt: null, looking: null }
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

const looksDead = ({ desired, observed }: OpenInstance): boolean => desired === 'running' && ['absent', 'stopped', 'stopping', 'error'].includes(observed)

/** Why something fails is said once, until it is another reason or has worked again. */
function isNews(told: Map<string, string>, what: string, why: string): boolean {
  if (told.get(what) === why) return false
  told.set(what, why)
  return true
}

/** An account that does not answer. One that does not let us in stops its pools until somebody has looked: those that have it now, not those that had it in an earlier configuration. */
async function blind({ write, logger, generations }: Provisioning, { account, pools }: Known, { error, told }: { error: unknown; told: Map<string, string> }): Promise<void> {
  const failure = failureOf(error)
  const facts = { pool: pools[0]!.pool, generation: pools[0]!.generationId, provider: account.kind }
  if (isNews(told, account.key, failure.message)) logger.warn({ ...facts, why: failure.message }, 'a provider could not be looked at')
  const stopped = pools.filter(({ generationId }) => generationId === generations.active()?.id).map(({ poolId }) => poolId).sort((a, b) => a - b)
  if (failure.class !== 'alert' || stopped.length === 0) return
  await write(async tx => {
    for (const poolId of stopped) await notePoolFailure(tx, { poolId, failure })
  }).catch((cause: unknown) => logger.error({ ...facts, why: failureOf(cause).message }, 'that a pool is stopped could not be written down'))
}

async function accountsOf({ db, set, providers, logger }: Provisioning, instances: OpenInstance[], told: Map<string, string>): Promise<Known[]> {
  const accounts = new Map<string, Known>()
  for (const pool of await readUsedPools(db, set)) {
    try {
      const account = await providers.of(pool.generationId, pool.pool)
      const known = accounts.get(account.key) ?? { account, pools: [], instances: [] }
      known.pools.push(pool)
      known.instances.push(...instances.filter(({ generationId, poolId }) => generationId === pool.generationId && poolId === pool.poolId))
      accounts.set(account.key, known)
    } catch (error) {
      const why = failureOf(error).message
      if (isNews(told, `${pool.generationId}/${pool.pool}`, why)) logger.warn({ pool: pool.pool, generation: pool.generationId, why }, 'a provider could not be opened')
    }
  }
  return [...accounts.values()]
}

async function pauseMs({ providers }: Provisioning, { instances }: Known, { seen }: Watch): Promise<number> {
  // It may be a moment's.
  if (instances.some(looksDead)) return DOUBTFUL_MS
  // What nobody wants is removed at a second sight: soon, since it is paid for.
  if ([...seen.values()].some(({ held }) => !held) || instances.some(({ externalId, unsureFor }) => externalId === null && unsureFor !== null)) return SOMETHING_UNSURE_MS
  const booting = instances.filter(({ desired, connected, externalId }) => desired === 'running' && externalId !== null && !connected)
  const intervals = await Promise.all(booting.map(({ generationId, pool }) => providers.pool(generationId, pool).then(({ checkInstanceInterval }) => checkInstanceInterval * 1000, () => SOMETHING_MOVES_MS)))
  if (booting.length > 0) return Math.min(SOMETHING_MOVES_MS, ...intervals)
  return instances.length > 0 ? ALL_CONNECTED_MS : NOTHING_OPEN_MS
}
