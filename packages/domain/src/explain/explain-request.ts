import type { BuilderView, WorkerView } from '../worker-matching.js'
import { mayServe, workerObstacle } from '../worker-matching.js'
import { expectedStart, remaining, secondsText, spanText, type Measured, type Span } from './estimate.js'

/** A build that runs on a worker, for `elapsed` seconds. */
export type RunningBuild = { id: number; builder: string; builderKey: string; number: number; elapsed: number; usual: Measured | null }
export type ExplainedWorker = { view: WorkerView; /** Seconds until it is available by itself; null: it will not be, or it is. */ availableIn: number | null; running: readonly RunningBuild[] }

/** What is known of a pending request. Times are in seconds from now. */
export type RequestFacts = {
  hold: 'collapse' | 'worker' | null
  waitsFor: string | null
  notBefore: number | null
  /** The only worker that may build it. */
  onlyWorker: string | null
  builder: BuilderView & { name: string; active: boolean; usual: Measured | null; maxPending: number | null; /** What becomes of a request that no worker comes for, in how many seconds. */ noWorker: { in: number; action: string } | null }
  /** Of its builder, before it. */
  ahead: number
  /** Of other builders, before it, that could take the same workers. */
  aheadOfOthers: number
  waiting: number
  /** Engines that take requests of this builder. */
  engines: number
  workers: readonly ExplainedWorker[]
  /** By pool: how long a machine takes until it builds, and why none is started. */
  pools: ReadonlyMap<string, { boot: Measured | null; obstacle: string | null }>
  /** Why a pool can make no machine for it. */
  problems: readonly { pool: string; problem: string }[]
  /** Builds that hold what its builder locks. */
  locks: readonly { lock: string; build: RunningBuild }[]
  /** The build that waits for it. */
  parent: string | null
}

export type ReasonKind = 'undecided' | 'held' | 'inactive' | 'engine' | 'put-off' | 'lock' | 'waits' | 'worker' | 'machine' | 'queue' | 'limit' | 'parent'
export type Reason = { kind: ReasonKind; text: string }
export type WorkerReason = { name: string; /** Why it does not build it now; null: it could. */ why: string | null; /** When it is expected to have a place, in seconds; null: unknown. */ place: Span | null; running: { id: number; builder: string; number: number; elapsed: number; remaining: Span | null }[] }
export type RequestExplained = { reasons: Reason[]; workers: WorkerReason[]; estimate: { span: Span | null; text: string } }

/** Why a pending request is not being built, the most decisive first, and when that is likely to change. */
export function explainRequest(facts: RequestFacts): RequestExplained {
  const serving = facts.workers.filter(({ view }) => mayServe(view, facts.builder) && (facts.onlyWorker === null || view.name === facts.onlyWorker))
  const workers = serving.map(worker => explainWorker(worker, facts))
  const reasons = [...ofItself(facts), ...ofWorkers(facts, workers), ...ofOthers(facts)]
  return { reasons, workers, estimate: estimateOf(facts, workers) }
}

function ofItself({ hold, waitsFor, notBefore, builder, engines, problems }: RequestFacts): Reason[] {
  const said = waitsFor?.replace(/\.$/, '') ?? null
  const found: (Reason | false)[] = [
    hold === 'collapse' && { kind: 'undecided', text: `The configuration's collapseRequests is still to be asked which older requests it makes needless: an engine does that.` },
    hold === 'worker' && { kind: 'held', text: `It is held: it waits for ${said ?? 'somebody to release it'} (yard release).` },
    !builder.active && { kind: 'inactive', text: `The active configuration has no builder ${builder.name} (any more).` },
    builder.active && engines === 0 && { kind: 'engine', text: `No engine that serves builder ${builder.name} is running.` },
    notBefore !== null && { kind: 'put-off', text: `canStartBuild has put it off${said === null ? '' : ` (${said})`}; it is looked at again in ${Math.ceil(notBefore)} s.` },
    hold !== 'worker' && said !== null && notBefore === null && { kind: said.startsWith('lock ') ? 'lock' : 'waits', text: `It waits: ${said}.` },
    ...problems.map(({ pool, problem }): Reason => ({ kind: 'machine', text: `Pool ${pool} cannot start a machine for it: ${problem}.` })),
  ]
  return found.filter(reason => reason !== false)
}

function ofWorkers({ builder, hold, onlyWorker, engines }: RequestFacts, workers: readonly WorkerReason[]): Reason[] {
  if (workers.length === 0) return [{ kind: 'worker', text: onlyWorker === null ? 'No worker that there is may build it.' : `It is for worker ${onlyWorker} alone, which may not build it, or is not there.` }]
  if (engines === 0 || workers.some(worker => worker.why === null)) return []
  const timeout = builder.noWorker === null || hold !== null ? '' : ` It ${builder.noWorker.action === 'hold' ? 'is held' : 'fails'} in ${secondsText(builder.noWorker.in)} unless one comes.`
  return [{ kind: 'worker', text: `None of its ${workers.length} ${workers.length === 1 ? 'worker' : 'workers'} has a place for it.${timeout}` }]
}

function ofOthers({ ahead, aheadOfOthers, builder, waiting, parent }: RequestFacts): Reason[] {
  const requests = (count: number): string => `${count} ${count === 1 ? 'request' : 'requests'}`
  const found: (Reason | false)[] = [
    ahead > 0 && { kind: 'queue', text: `${requests(ahead)} of its builder ${ahead === 1 ? 'is' : 'are'} ahead of it.` },
    aheadOfOthers > 0 && { kind: 'queue', text: `${requests(aheadOfOthers)} of other builders that may take the same workers ${aheadOfOthers === 1 ? 'is' : 'are'} ahead of it.` },
    builder.maxPending !== null && waiting >= builder.maxPending && { kind: 'limit', text: `Its builder lets no more than ${builder.maxPending} wait, and ${waiting} do.` },
    parent !== null && { kind: 'parent', text: `Build ${parent} waits for it, and keeps its worker meanwhile.` },
  ]
  return found.filter(reason => reason !== false)
}

function explainWorker({ view, availableIn, running }: ExplainedWorker, { builder, pools }: RequestFacts): WorkerReason {
  const why = workerObstacle(view, builder)
  const builds = running.map(({ id, builder: name, number, elapsed, usual }) => ({ id, builder: name, number, elapsed, remaining: usual && remaining(usual, elapsed) }))
  return { name: view.name, why, place: why === null ? { from: 0, to: 0 } : placeOf({ view, availableIn, running }, builder, pools), running: builds }
}

/** When it has a place for a build of the builder. */
function placeOf({ view, availableIn, running }: ExplainedWorker, builder: BuilderView, pools: RequestFacts['pools']): Span | null {
  const { machine, unavailable } = view
  if (machine && unavailable !== null) return machinePlace(machine, pools)
  if (unavailable !== null) return availableIn === null ? null : { from: availableIn, to: availableIn }
  if (view.capacity !== null && builder.units > view.capacity) return null
  const own = running.find(build => build.builderKey === builder.key)
  if (own) return own.usual && remaining(own.usual, own.elapsed)
  const ends = running.flatMap(({ usual, elapsed }) => (usual ? [remaining(usual, elapsed)] : []))
  if (ends.length === 0) return null
  const latest = ends.map(end => end.to)
  // One that ends is enough, unless the build takes more units than it gives back.
  return { from: Math.min(...ends.map(end => end.from)), to: latest.includes(null) ? null : Math.min(...latest.filter(each => each !== null)) }
}

function machinePlace({ state, age, pool }: NonNullable<WorkerView['machine']>, pools: RequestFacts['pools']): Span | null {
  const known = pools.get(pool)
  const boot = known?.boot
  if (!boot) return null
  if (state === 'requested' || state === 'creating' || state === 'booting') return remaining(boot, age)
  return state === null && known.obstacle === null ? { from: boot.p50, to: boot.p90 } : null
}

function estimateOf(facts: RequestFacts, workers: readonly WorkerReason[]): RequestExplained['estimate'] {
  const unknown = (why: string) => ({ span: null, text: `When it starts cannot be said: ${why}.` })
  if (facts.hold === 'worker') return unknown('somebody has to release it')
  if (!facts.builder.active || facts.engines === 0) return unknown('nobody would start it now')
  const places = workers.flatMap(worker => worker.place ?? [])
  if (places.length === 0) return unknown(workers.length === 0 ? 'no worker may build it' : 'of none of its workers is known when it has a place')
  const span = expectedStart({ places, unknown: workers.length - places.length, ahead: facts.ahead + facts.aheadOfOthers, duration: facts.builder.usual })
  if (span === null) return unknown('it is not known how long the builds ahead of it take')
  const later = laterOf(span, [facts.notBefore === null ? null : { from: facts.notBefore, to: facts.notBefore }, ...facts.locks.map(({ build }) => (build.usual ? remaining(build.usual, build.elapsed) : { from: 0, to: null }))])
  return { span: later, text: `It is expected to start ${spanText(later)}, as builds and machines went so far.` }
}

/** The latest of all of them. */
function laterOf(first: Span, others: readonly (Span | null)[]): Span {
  return others.filter(span => span !== null).reduce((a, b) => ({ from: Math.max(a.from, b.from), to: a.to === null || b.to === null ? null : Math.max(a.to, b.to) }), first)
}

/** Workers told one by one; of more, the number. */
const MOST_TOLD = 8

/** All of it for people, the most decisive first. */
export function requestSentences({ reasons, workers, estimate }: RequestExplained): string[] {
  // Of slots without a machine their pool tells more.
  const each = workers.filter(({ why }) => why !== 'has no machine')
  const told = each.slice(0, MOST_TOLD).map(({ name, why, place }) => {
    if (why === null) return `Worker ${name} has a place.`
    return `Worker ${name} ${why}${place === null || place.to === 0 ? '' : `; it may have a place ${spanText(place)}`}.`
  })
  const more = each.length > MOST_TOLD ? [`And ${each.length - MOST_TOLD} more workers.`] : []
  const first = reasons.length === 0 ? ['Nothing is known to be in its way: it has not been looked at yet.'] : reasons.map(reason => reason.text)
  return [...first, ...told, ...more, estimate.text]
}
