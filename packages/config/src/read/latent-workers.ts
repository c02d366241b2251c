import { dependsOnBuild, poolDefaults, type DailyCap, type PoolConfig, type PoolHours, type WorkerConfig } from '@yardmaster/domain'
import { duration, durationOrNone, name, oneOf, text, textOrSecret, wholeNumber } from './leaves.js'
import { kindNames, kinds, provider, providerOf } from './provider-kinds.js'
import { byKind, leaf, list, mapped, or, orNull, record, type Place, type Reader } from './reader.js'
import { hours, ownWorker, timeZone, workerOptions } from './workers.js'

/** What one call of `workers.…` brings. */
export type WorkersRead = { workers: WorkerConfig[]; pool: PoolConfig | null }

/** The most machines of one pool: each has a row of its own, whether it runs or not. */
const MOST_MACHINES = 1_000

const amount = leaf('an amount above 0', value => (typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : undefined))
const someCap = record({ amount, timeZone: or(timeZone, 'UTC'), running: or(oneOf('retry', 'finish'), 'retry') }, 'a cap: an amount, or { amount, … }')
const dailyCap: Reader<DailyCap | null> = (value, at) => {
  if (value === undefined || value === null) return null
  return typeof value === 'number' ? { amount: amount(value, at), timeZone: 'UTC', running: 'retry' } : someCap(value, at)
}

/** Buildbot's -1 is for ever. */
const buildWaitTimeout: Reader<number | null> = (value, at) => (value === undefined ? poolDefaults.buildWaitTimeout : value === -1 ? null : duration(value, at))

const engineUrl = leaf('a URL that begins with ws:// or wss://', value => (typeof value === 'string' && /^wss?:\/\//.test(value) && URL.canParse(value) ? value : undefined))

const latent = {
  buildWaitTimeout, missingTimeout: or(duration, poolDefaults.missingTimeout), checkInstanceInterval: or(duration, poolDefaults.checkInstanceInterval),
  maxUses: orNull(wholeNumber(1)), engineUrl: orNull(engineUrl), maxAge: durationOrNone(null), zones: or(list(text, 'a list of zones'), []), plans: or(list(text, 'a list of plans'), []),
  dailyCap, scaleIn: or(oneOf('idle', 'billing-period'), 'idle'),
}

const poolHours: Reader<PoolHours> = record({ ...hours, min: orNull(wholeNumber(0)), warm: orNull(wholeNumber(0)) }, "hours: { from: 'HH:MM', to: 'HH:MM', min, warm }")

type Latent = { [key in keyof typeof latent]: ReturnType<(typeof latent)[key]> }
type Common = { [key in keyof typeof workerOptions]: ReturnType<(typeof workerOptions)[key]> }

const latentOf = (given: Latent): Latent => Object.fromEntries(Object.keys(latent).map(key => [key, given[key as keyof Latent]])) as Latent
const commonOf = (given: Common): Common => Object.fromEntries(Object.keys(workerOptions).map(key => [key, given[key as keyof Common]])) as Common

/** A latent worker is not missing while nobody wants it: when one that is wanted does not come, its pool says so. */
const slot = (given: Common, named: { name: string; password: WorkerConfig['password']; pool: string }): WorkerConfig => ({ ...commonOf(given), ...named, missingTimeout: null })

/** What is said, and will not come about. */
function warnOfPool({ provider: { kind, machine }, min, warm, schedule, dailyCap }: PoolConfig, at: Place): void {
  const kept = min > 0 ? 'min' : warm > 0 ? 'warm' : schedule.length > 0 ? 'schedule' : null
  if (kept && dependsOnBuild(machine)) at.at(kept).warn('no machine is kept ready: the options of this pool depend on the build, so each is made for a build that waits')
  if (dailyCap && kind !== 'upcloud' && kind !== 'custom') at.at('dailyCap').warn(`nothing is known of what a machine of kind ${kind} costs: the cap keeps nothing back`)
}

function withWarnings(read: WorkersRead, at: Place): WorkersRead {
  if (read.pool) warnOfPool(read.pool, at)
  return read
}

const single = (kind: (typeof kindNames)[number]): Reader<WorkersRead> => mapped(
  record({ name, password: orNull(textOrSecret), ...workerOptions, ...latent, ...kinds[kind].account, ...kinds[kind].machine }, `options of workers.${kind}`),
  (given, at) => ({
    workers: [slot(given, { name: given.name, password: given.password, pool: given.name })],
    pool: { ...poolDefaults, ...latentOf(given), name: given.name, workers: [given.name], provider: providerOf(kind, given, at) },
  }))

const pool: Reader<WorkersRead> = mapped(record({
  name, provider: byKind(Object.fromEntries(kindNames.map(kind => [`provider.${kind}`, provider(kind)])), 'a provider: providers.upcloud(…), providers.process(…) and so on'),
  min: or(wholeNumber(0), 0), max: wholeNumber(1), warm: or(wholeNumber(0), 0), schedule: or(list(poolHours, 'a list of hours'), []), ...workerOptions, ...latent,
}, 'options of workers.pool'), (given, at) => {
  const { min, max, warm, schedule } = given
  if (max > MOST_MACHINES) at.at('max').wrong({ expected: `at most ${MOST_MACHINES}`, found: String(max) })
  if (min > max) at.at('min').wrong({ expected: `at most max, which is ${max}`, found: String(min) })
  const workers = Array.from({ length: max }, (_, index) => `${given.name}-${index + 1}`)
  return {
    workers: workers.map(slotName => slot(given, { name: slotName, password: null, pool: given.name })),
    pool: { ...latentOf(given), name: given.name, workers, provider: given.provider, min, max, warm, schedule },
  }
})

const any: Reader<WorkersRead> = byKind<WorkersRead>({
  worker: mapped(ownWorker, worker => ({ workers: [worker], pool: null })),
  'worker.pool': mapped(pool, withWarnings),
  ...Object.fromEntries(kindNames.map(kind => [`worker.${kind}`, mapped(single(kind), withWarnings)])),
}, 'a worker: workers.worker(…), workers.pool(…), workers.upcloud(…) and so on')

/** The list `workers`: each worker of a pool under a name of its own. */
export const workersList: Reader<{ workers: WorkerConfig[]; pools: PoolConfig[] }> = mapped(list(any, 'a list of workers'), (read, at) => {
  const workers = read.flatMap(item => item.workers)
  const seen = new Set<string>()
  for (const [index, item] of read.entries()) {
    for (const { name: taken } of item.workers) {
      if (seen.has(taken) && item.pool?.name !== taken) at.at(index).note({ expected: 'names of workers of their own', found: `'${taken}'`, message: `the worker '${taken}' of pool '${item.pool?.name ?? ''}' has the name of another worker` })
      seen.add(taken)
    }
  }
  return { workers, pools: read.flatMap(item => item.pool ?? []) }
})

