import { findClaimable, readClaimable, type Candidate } from '@yardmaster/db/verbs/find-claimable'
import { WorkerSlots, type BuilderConfig } from '@yardmaster/domain'
import type { Clock } from '@yardmaster/runtime'
import { choiceOf, take, type TakeDeps } from '../claim/take.js'
import { readWorkers, type Workers } from '../claim/worker-views.js'
import type { WorkerPool } from '../workers/worker-pool.js'
import type { WorkerSession } from '../workers/worker-session.js'

export type ClaimDeps = TakeDeps & { pool: WorkerPool; clock: Clock }

/** Requests looked at in one round. */
const CANDIDATES = 200
/** Of one builder in one round: more seldom start at once. */
const PER_BUILDER = 20
/** Rounds one after the other in which everything was lost to others: who holds the rows may take his time. */
const MOST_LOST = 5

/** Gives waiting requests to free workers of this engine, as `findClaimable` orders them. `wakeAt` (epoch ms) is when there may be more to give though nobody says so. */
export async function claimWaiting(deps: ClaimDeps): Promise<{ wakeAt: number | null }> {
  const sessions = new Map(deps.pool.sessions().filter(session => session.link !== null).map(session => [session.workerId, session]))
  if (sessions.size === 0) return { wakeAt: null }
  const workers = await readOwnWorkers(deps, sessions)
  const pass = new ClaimPass(deps, workers, [...sessions.values()])
  await pass.run()
  return { wakeAt: workers.availableAt }
}

function readOwnWorkers({ db, generations, clock }: ClaimDeps, sessions: Map<number, WorkerSession>): Promise<Workers> {
  const downtime = new Map((generations.active()?.configuration.workers ?? []).map(worker => [worker.name, worker.downtime]))
  return readWorkers(db, { ids: [...sessions.keys()], connected: id => sessions.get(id)!.link !== null, downtime: name => downtime.get(name) ?? [], now: clock.now() })
}

type Match = { candidate: Candidate; worker: string }

/** One look at what workers can take, and rounds of claims until nothing more can start. */
class ClaimPass {
  readonly #deps: ClaimDeps
  readonly #slots: WorkerSlots
  readonly #sessions: Map<string, WorkerSession>
  /** Which workers a builder has is what the active configuration says, also for requests of an earlier one. */
  readonly #builders: Map<string, BuilderConfig>
  #lostRounds = 0

  constructor(deps: ClaimDeps, workers: Workers, sessions: WorkerSession[]) {
    this.#deps = deps
    this.#slots = new WorkerSlots(workers.views)
    this.#sessions = new Map(sessions.map(session => [session.name, session]))
    this.#builders = new Map((deps.generations.active()?.configuration.builders ?? []).map(builder => [builder.key, builder]))
  }

  async run(): Promise<void> {
    // What is looked at in vain is not looked at again: so what hides behind it gets its turn, and rounds come to an end.
    while (await this.#round());
  }

  /** Whether another round may find more. */
  async #round(): Promise<boolean> {
    const wanted = [...this.#builders.values()].map(builder => ({ builderKey: builder.key, depth: Math.min(this.#slots.room(builder), PER_BUILDER), place: 0 })).filter(({ depth }) => depth > 0)
    if (wanted.length === 0) return false
    const candidates = await findClaimable(this.#deps.db, { wanted, limit: CANDIDATES })
    const lost = await this.#claim(this.#match(candidates))
    return candidates.length === CANDIDATES || lost
  }

  /** A worker for each, as long as there is one. */
  #match(candidates: Candidate[]): Match[] {
    const inVain = new Set<string>()
    const matches = candidates.flatMap(candidate => {
      const builder = this.#builders.get(candidate.builderKey)!
      const [worker] = this.#slots.ready(builder)
      if (!worker) return (inVain.add(builder.key), [])
      this.#slots.take(worker.name, builder)
      return [{ candidate, worker: worker.name }]
    })
    for (const key of inVain) this.#builders.delete(key)
    return matches
  }

  /** Whether some were not won, so that their workers have room for others. */
  async #claim(matches: Match[]): Promise<boolean> {
    const workerOf = new Map(matches.map(match => [match.candidate.id, match.worker]))
    const requests = await readClaimable(this.#deps.db, matches.map(match => match.candidate))
    const found = await Promise.all(requests.map(request => choiceOf(this.#deps.generations, request, this.#sessions.get(workerOf.get(request.id)!)!)))
    const choices = found.filter(choice => choice !== null)
    const { builds, passedOver, unfit } = await take(this.#deps, choices)
    const won = new Set(builds.map(build => build.requestId))
    const lost = matches.filter(match => !won.has(match.candidate.id))
    for (const { candidate, worker } of lost) this.#slots.giveBack(worker, this.#builders.get(candidate.builderKey) ?? { key: candidate.builderKey })
    for (const { session } of choices.filter(choice => unfit.includes(choice.session.workerId))) this.#slots.close(session.name)
    this.#lostRounds = won.size > 0 ? 0 : this.#lostRounds + 1
    const over = new Set(passedOver.map(each => each.requestId))
    const hopeless = (match: Match) => over.has(match.candidate.id) || found[requests.findIndex(request => request.id === match.candidate.id)] === null || this.#lostRounds >= MOST_LOST
    for (const { candidate } of lost.filter(hopeless)) this.#builders.delete(candidate.builderKey)
    return lost.length > 0
  }
}
