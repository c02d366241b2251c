import { transaction } from '@yardmaster/db'
import { findClaimable, readClaimable, type Candidate, type Wanted } from '@yardmaster/db/verbs/find-claimable'
import { passOverRequests, type PassingOver } from '@yardmaster/db/verbs/pass-over-requests'
import { servesBuilder, WorkerSlots, type BuilderConfig, type EngineLimits } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Clock } from '@yardmaster/runtime'
import type { WorkerSession } from '../workers/worker-session.js'
import { BuilderChoice, hasChoosers, mayBuild, type Outcome } from './builder-choice.js'
import { builderPlaces } from './builder-order.js'
import type { GuardedFunctions } from './guarded-functions.js'
import { MachineFits } from './machine-fits.js'
import type { Match } from './match.js'
import { Patience } from './patience.js'
import { choiceOf, take, type TakeDeps } from './take.js'
import type { Workers } from '@yardmaster/db/verbs/read-worker-views'

export type PassDeps = TakeDeps & { clock: Clock; functions: GuardedFunctions; limits: EngineLimits | null }

/** Requests looked at in one round. */
const CANDIDATES = 200
/** Of one builder in one round: more seldom start at once. */
const PER_BUILDER = 20
/** Rounds one after the other in which everything was lost to others: who holds the rows may take his time. */
const MOST_LOST = 5
/** What all functions together may take of one pass: so long do they delay the builders that have none. */
const PATIENCE_MS = 250
/** Builders whose functions are asked at the same time. */
const ASKED_AT_ONCE = 8

/** One look at what workers can take, and rounds of claims until nothing more can start. */
export class ClaimPass {
  readonly #deps: PassDeps
  readonly #generation: LoadedGeneration
  readonly #slots: WorkerSlots
  readonly #workers: Workers
  readonly #sessions: ReadonlyMap<string, WorkerSession>
  readonly #patience: Patience
  readonly #fits: MachineFits
  /** Which workers a builder has is what the active configuration says, also for requests of an earlier one. */
  readonly #builders: Map<string, BuilderConfig>
  #places: Map<string, number> | null = null
  /** By builder, workers that have no room for what may only be built by them: what comes after it need not wait. */
  readonly #busy = new Map<string, Set<string>>()
  #lostRounds = 0
  #late = false

  constructor(deps: PassDeps, { generation, workers, sessions }: { generation: LoadedGeneration; workers: Workers; sessions: readonly WorkerSession[] }) {
    this.#deps = deps
    this.#generation = generation
    this.#workers = workers
    this.#slots = new WorkerSlots(workers.views)
    this.#fits = new MachineFits(deps.db, workers.machines)
    this.#sessions = new Map(sessions.map(session => [session.name, session]))
    this.#builders = new Map(generation.configuration.builders.filter(builder => servesBuilder(deps.limits, builder)).map(builder => [builder.key, builder]))
    this.#patience = new Patience(deps.clock, PATIENCE_MS)
  }

  /** `again`: functions took so long that not all of them were asked. */
  async run(): Promise<{ again: boolean }> {
    if (this.#generation.configuration.prioritizeBuilders) {
      this.#places = await builderPlaces(this.#deps, this.#generation, [...this.#builders.values()].filter(builder => this.#slots.room(builder) > 0))
    }
    // What is looked at in vain is not looked at again: so what hides behind it gets its turn, and rounds come to an end.
    while (await this.#round());
    return { again: this.#late }
  }

  /** Whether another round may find more. */
  async #round(): Promise<boolean> {
    const wanted = this.#wanted()
    if (wanted.length === 0) return false
    const candidates = await findClaimable(this.#deps.db, { wanted, limit: CANDIDATES })
    await this.#fits.read(candidates.map(candidate => candidate.id))
    const { plain, held, unsuited, bound } = this.#match(candidates)
    const workerOf = new Map(plain.map(({ candidate, worker }) => [candidate.id, worker]))
    const requests = await readClaimable(this.#deps.db, plain.map(({ candidate }) => candidate))
    const lost = await this.#claim(requests.map(request => ({ request, worker: workerOf.get(request.id)! })))
    const gone = plain.filter(({ candidate }) => !requests.some(request => request.id === candidate.id))
    for (const { candidate, worker } of gone) this.#slots.giveBack(worker, { key: candidate.builderKey })
    const free = await this.#askFunctions(held)
    return candidates.length === CANDIDATES || lost || gone.length > 0 || free || unsuited || bound
  }

  #wanted(): Wanted[] {
    return [...this.#builders.values()].flatMap(builder => {
      const place = this.#places ? this.#places.get(builder.key) : 0
      const depth = place === undefined ? 0 : Math.min(this.#slots.room(builder), PER_BUILDER)
      return depth > 0 ? [{ builderKey: builder.key, depth, place: place!, madeFor: this.#fits.only(() => this.#slots.ready(builder)), busy: [...this.#busy.get(builder.key) ?? []] }] : []
    })
  }

  /** A worker for each, as long as there is one; for builders whose functions choose, these are held. `unsuited`: some found only machines that were made for others, and others may find more. */
  #match(candidates: Candidate[]): { plain: { candidate: Candidate; worker: string }[]; held: Map<string, string[]>; unsuited: boolean; bound: boolean } {
    const held = new Map<string, string[]>()
    const unsuited = new Set<string>()
    const inVain = new Set<string>()
    let bound = false
    const plain = candidates.flatMap(candidate => {
      const builder = this.#builders.get(candidate.builderKey)!
      const ready = this.#slots.ready(builder)
      const worker = hasChoosers(builder) ? ready[0] : ready.find(view => mayBuild(candidate, view.name) && this.#fits.fits(candidate.id, view.name))
      if (!worker && candidate.worker !== null && ready.length > 0) return (bound = this.#isBusy(builder.key, candidate.worker) || bound, [])
      if (!worker && ready.length > 0) return (unsuited.add(builder.key), [])
      if (!worker) return (inVain.add(builder.key), [])
      this.#slots.take(worker.name, builder)
      if (!hasChoosers(builder)) return [{ candidate, worker: worker.name }]
      held.set(builder.key, [...held.get(builder.key) ?? [], worker.name])
      return []
    })
    for (const key of inVain) if (!held.has(key)) this.#builders.delete(key)
    // As when what was rendered for them has changed since they were found.
    if (plain.length === 0 && held.size === 0) for (const key of unsuited) this.#builders.delete(key)
    return { plain, held, unsuited: unsuited.size > 0 && plain.length > 0, bound }
  }

  /** Whether that was not known. */
  #isBusy(builderKey: string, worker: string): boolean {
    const known = this.#busy.get(builderKey) ?? new Set()
    this.#busy.set(builderKey, known)
    return known.size < known.add(worker).size
  }

  /** Whether some were not won, so that their workers have room for others. */
  async #claim(matches: Match[]): Promise<boolean> {
    const choices = await Promise.all(matches.map(({ request, worker }) => choiceOf(this.#deps.generations, request, this.#sessions.get(worker)!)))
    const { builds, passedOver, unfit } = await take(this.#deps, choices.filter(choice => choice !== null))
    const won = new Set(builds.map(build => build.requestId))
    const lost = matches.filter(({ request }) => !won.has(request.id))
    for (const { request, worker } of lost) this.#slots.giveBack(worker, { key: request.builderKey })
    for (const { worker } of matches.filter(match => unfit.includes(this.#sessions.get(match.worker)!.workerId))) this.#slots.close(worker)
    if (matches.length > 0) this.#lostRounds = won.size > 0 || passedOver.length > 0 ? 0 : this.#lostRounds + 1
    const over = new Map(passedOver.map(each => [each.requestId, each]))
    for (const { request, worker } of lost) {
      const unknown = choices[matches.findIndex(match => match.request === request)] === null
      if (over.get(request.id)?.otherWorker) this.#slots.refuse(worker, request.builderKey)
      else if (over.has(request.id) || unknown || this.#lostRounds >= MOST_LOST) this.#builders.delete(request.builderKey)
    }
    await this.#passOver(lost.flatMap(({ request: { id, waitsFor } }) => (over.has(id) && over.get(id)!.waitsFor !== waitsFor ? [{ requestId: id, waitsFor: over.get(id)!.waitsFor }] : [])))
    return lost.length > 0
  }

  /** Whether workers that were held are free for others. */
  async #askFunctions(held: Map<string, string[]>): Promise<boolean> {
    if (held.size === 0) return false
    const waiting = this.#deps.functions.inTurn([...held.keys()])
    const outcomes: Outcome[] = []
    const lane = async () => {
      for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) outcomes.push(await this.#choose(key, held.get(key)!))
    }
    const lanes = await Promise.allSettled(Array.from({ length: ASKED_AT_ONCE }, lane))
    for (const result of lanes) if (result.status === 'rejected') throw result.reason
    const lost = await this.#claim(outcomes.flatMap(outcome => outcome.matches))
    await this.#passOver(outcomes.flatMap(outcome => outcome.passedOver))
    return lost || [...held.keys()].some(key => !this.#builders.has(key))
  }

  async #choose(key: string, held: string[]): Promise<Outcome> {
    const builder = this.#builders.get(key)!
    const { db, clock, functions } = this.#deps
    if (!this.#patience.over) functions.serve(key)
    const choice = new BuilderChoice({ db, clock, functions, generation: this.#generation, slots: this.#slots, running: this.#workers.running, patience: this.#patience, fits: this.#fits }, builder, held)
    const outcome = await choice.choose()
    if (outcome.matches.length < held.length) this.#builders.delete(key)
    if (outcome.late) this.#late = true
    return outcome
  }

  async #passOver(requests: PassingOver[]): Promise<void> {
    if (requests.length > 0) await transaction(this.#deps.db, this.#deps.fence, tx => passOverRequests(tx, requests))
  }
}
