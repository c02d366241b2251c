import type { Database } from '@yardmaster/db'
import { findClaimable, readClaimable, type ClaimableRequest } from '@yardmaster/db/verbs/find-claimable'
import type { PassingOver } from '@yardmaster/db/verbs/pass-over-requests'
import type { BuilderConfig, FunctionRef, WorkerSlots, WorkerView } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Clock } from '@yardmaster/runtime'
import { readCanStart, readOneOf, requestView, workerChoice } from './function-views.js'
import type { Asked, GuardedFunctions } from './guarded-functions.js'
import type { MachineFits } from './machine-fits.js'
import type { Match } from './match.js'
import type { Patience } from './patience.js'
import type { RunningOn } from '@yardmaster/db/verbs/read-worker-views'

/** The requests that the functions of a builder may choose among. */
const MOST_SEEN = 200

export type ChoosingDeps = {
  db: Database
  clock: Clock
  functions: GuardedFunctions
  generation: LoadedGeneration
  slots: WorkerSlots
  running: Map<string, RunningOn[]>
  patience: Patience
  fits: MachineFits
}

export type Outcome = { matches: Match[]; passedOver: PassingOver[]; late: boolean }

/** Whether the builder has functions that choose. */
export function hasChoosers({ nextBuild, nextWorker, canStartBuild }: BuilderConfig): boolean {
  return nextBuild !== null || nextWorker !== null || canStartBuild !== null
}

/** Whether the request may be built by this worker: one may be asked for by name. */
export const mayBuild = ({ worker }: { worker: string | null }, name: string): boolean => worker === null || worker === name

/** What the functions of one builder choose. While they are asked, as many workers as it may get are held for it, whichever they choose in the end. */
export class BuilderChoice {
  readonly #deps: ChoosingDeps
  readonly #builder: BuilderConfig
  #held: string[]
  #outcome: Outcome = { matches: [], passedOver: [], late: false }

  constructor(deps: ChoosingDeps, builder: BuilderConfig, held: string[]) {
    this.#deps = deps
    this.#builder = builder
    this.#held = held
  }

  /** Workers that it does not choose are given back. */
  async choose(): Promise<Outcome> {
    try {
      const { db, fits, slots } = this.#deps
      const madeFor = fits.only(() => slots.readyWithout(this.#builder, this.#held))
      const candidates = await findClaimable(db, { wanted: [{ builderKey: this.#builder.key, depth: MOST_SEEN, place: 0, madeFor }], limit: MOST_SEEN })
      await fits.read(candidates.map(candidate => candidate.id))
      let requests = await readClaimable(db, candidates)
      while (this.#held.length > 0 && requests.length > 0 && !this.#outcome.late) {
        const request = await this.#nextBuild(requests)
        if (!request) break
        requests = requests.filter(other => other !== request)
        if (await this.#place(request) === 'stop') break
      }
      return this.#outcome
    } finally {
      for (const worker of this.#held) this.#deps.slots.giveBack(worker, this.#builder)
    }
  }

  async #nextBuild(requests: ClaimableRequest[]): Promise<ClaimableRequest | null> {
    const { nextBuild, name } = this.#builder
    if (!nextBuild) return requests[0]!
    const read = readOneOf('nextBuild', 'id', requests.map(request => request.id))
    const asked = await this.#ask('nextBuild', nextBuild, [requests.map(request => requestView(request, name))], read)
    if (asked === 'late') return this.#stopLate()
    return 'failed' in asked ? requests[0]! : requests.find(request => request.id === asked.answer) ?? null
  }

  /** Finds a worker for the request. stop: there is none for the others either. */
  async #place(request: ClaimableRequest): Promise<'next' | 'stop'> {
    const refused = new Set<string>()
    for (;;) {
      const free = this.#deps.slots.readyWithout(this.#builder, this.#held)
      const ready = free.filter(view => !refused.has(view.name) && mayBuild(request, view.name) && this.#deps.fits.fits(request.id, view.name))
      // Machines that were made for others.
      if (ready.length === 0 && refused.size === 0 && free.length > 0) return 'next'
      if (ready.length === 0) {
        if (refused.size > 0) this.#passOver(request, `canStartBuild said no on ${[...refused].join(', ')}`)
        return refused.size > 0 ? 'next' : 'stop'
      }
      const worker = await this.#nextWorker(ready, request)
      if (!worker) return this.#outcome.late ? 'stop' : 'next'
      const can = await this.#canStart(worker, request)
      if (can === 'no') refused.add(worker.name)
      else if (can !== 'yes') return can
      else if (this.#take(worker.name, request)) return 'next'
    }
  }

  async #nextWorker(ready: WorkerView[], request: ClaimableRequest): Promise<WorkerView | null> {
    const { nextWorker } = this.#builder
    if (!nextWorker) return ready[0]!
    const asked = await this.#ask('nextWorker', nextWorker, [ready.map(view => this.#choiceOf(view)), requestView(request, this.#builder.name)], readOneOf('nextWorker', 'name', ready.map(view => view.name)))
    if (asked === 'late') return this.#stopLate()
    if ('failed' in asked) return ready[0]!
    if (asked.answer === null) this.#passOver(request, 'nextWorker chose none of the workers')
    return ready.find(view => view.name === asked.answer) ?? null
  }

  async #canStart(worker: WorkerView, request: ClaimableRequest): Promise<'yes' | 'no' | 'next' | 'stop'> {
    const { canStartBuild, name } = this.#builder
    if (!canStartBuild) return 'yes'
    const asked = await this.#ask('canStartBuild', canStartBuild, [this.#choiceOf(worker), requestView(request, name)], readCanStart)
    if (asked === 'late') return (this.#stopLate(), 'stop')
    if ('failed' in asked) return (this.#passOver(request, `canStartBuild failed: ${asked.failed}`), 'stop')
    if (typeof asked.answer === 'boolean') return asked.answer ? 'yes' : 'no'
    // The function's moment is of this machine's clock, the row's of the database's: what is said is how long.
    this.#passOver(request, asked.answer.reason || 'canStartBuild said not yet', Math.max(0, asked.answer.notBefore - this.#deps.clock.now() / 1000))
    return 'next'
  }

  /** False when the worker was given to another builder while a function was asked. */
  #take(worker: string, request: ClaimableRequest): boolean {
    const { slots, running } = this.#deps
    if (this.#held.includes(worker)) this.#held = this.#held.filter(name => name !== worker)
    else if (slots.ready(this.#builder).some(view => view.name === worker)) {
      slots.take(worker, this.#builder)
      slots.giveBack(this.#held.pop()!, this.#builder)
    } else return false
    running.set(worker, [...running.get(worker) ?? [], { builder: this.#builder.name, request: request.id }])
    this.#outcome.matches.push({ request, worker })
    return true
  }

  #ask<T>(what: string, fn: FunctionRef, args: Parameters<GuardedFunctions['ask']>[1]['args'], read: (answer: Parameters<typeof readCanStart>[0]) => T): Promise<Asked<T>> {
    return this.#deps.functions.ask(this.#deps.generation, { what: `${what} of builder ${this.#builder.name}`, fn, args, read, patience: this.#deps.patience })
  }

  #choiceOf(view: WorkerView) {
    return workerChoice(view, this.#deps.running.get(view.name) ?? [])
  }

  #passOver({ id, waitsFor: before }: ClaimableRequest, waitsFor: string, notForSeconds?: number): void {
    if (notForSeconds !== undefined) this.#outcome.passedOver.push({ requestId: id, waitsFor, notForSeconds })
    else if (waitsFor !== before) this.#outcome.passedOver.push({ requestId: id, waitsFor })
  }

  #stopLate(): null {
    this.#outcome.late = true
    return null
  }
}
