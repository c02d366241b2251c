import type { JournalEntry } from './build-data.js'

/** On replay the step asked for something else than it did the first time: going on would mix two runs. The build is retried. */
export class NotReplayable extends Error {
  override readonly name = 'NotReplayable'
}

/** An effect had begun when its engine was lost, and nobody can say whether it happened. The step ends with EXCEPTION. */
export class UnknownOutcome extends Error {
  override readonly name = 'UnknownOutcome'
}

/** Kinds of effects that are commands of the worker. */
const onWorker: ReadonlySet<string> = new Set(['command', 'file', 'upload'])

/** The effects that a step has had before this process drove it. A known effect is answered from here; an unknown one happens. */
export class Journal {
  readonly #entries: Map<number, JournalEntry>
  #last = 0
  #lastSecret: number
  #lastPosition: number
  /** Numbers of effects in the order in which the step's function gets their outcomes, from the first that it has not got. */
  readonly #order: number[]
  #failed: Error | null = null
  /** Those that the step has asked for again. */
  readonly #found = new Set<number>()
  readonly #waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()

  constructor(entries: JournalEntry[]) {
    this.#entries = new Map(entries.map(entry => [entry.n, entry]))
    this.#lastSecret = Math.min(0, ...entries.map(entry => entry.n))
    this.#order = entries.filter(entry => entry.ended && entry.n > 0).sort((a, b) => a.position - b.position || a.n - b.n).map(entry => entry.n)
    this.#lastPosition = Math.max(0, ...entries.map(entry => entry.position))
  }

  /** Numbers of effects in the order of their calls, for steps that do not number their own. */
  nextNumber(): number {
    return ++this.#last
  }

  /** For the name of a secret, which is no effect of the step's: below all numbers of effects. */
  nextSecret(): number {
    return --this.#lastSecret
  }

  /** What is known of effect `n`. Throws NotReplayable when it was another one. */
  find(n: number, kind: string, fingerprint: string): JournalEntry | undefined {
    const entry = this.#entries.get(n)
    this.#found.add(n)
    if (entry && (entry.kind !== kind || entry.fingerprint !== fingerprint)) {
      throw new NotReplayable(`not replayable: effect ${n} was ${entry.kind === kind ? `another ${kind}` : `a ${entry.kind}, and is a ${kind} now`}`)
    }
    return entry
  }

  /** What was begun on the worker, and neither ended nor was asked for again. */
  leftOnWorker(): number[] {
    return [...this.#entries.values()].filter(entry => onWorker.has(entry.kind) && !entry.ended && !this.#found.has(entry.n)).map(({ n }) => n)
  }

  /** Newest first. */
  ended(kind: string): JournalEntry[] {
    return [...this.#entries.values()].filter(entry => entry.kind === kind && entry.ended).sort((a, b) => b.n - a.n)
  }

  /** Effect `n` is about to be recorded as ended: the position to record, behind all that ended before. */
  end(n: number): number {
    this.#order.push(n)
    return ++this.#lastPosition
  }

  /**
   * Resolves when it is the turn of effect `n`, which has ended, to be told to the step's function. Branches that run side by side go on, and number
   * what they do next, in the order of these outcomes: a replay must give them in the same order.
   */
  async turn(n: number): Promise<void> {
    if (this.#failed) throw this.#failed
    if (this.#order[0] !== n) await new Promise<void>((resolve, reject) => this.#waiting.set(n, { resolve, reject }))
    this.#order.shift()
    const next = this.#order[0]
    if (next !== undefined) this.#waiting.get(next)?.resolve()
  }

  /** No turn comes any more. */
  fail(error: Error): void {
    this.#failed ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
  }
}
