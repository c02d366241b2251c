import type { JournalEntry } from './build-data.js'

/** On replay the step asked for something else than it did the first time: going on would mix two runs. The build is retried. */
export class NotReplayable extends Error {
  override readonly name = 'NotReplayable'
}

/** The effects that a step has had before this process drove it. A known effect is answered from here; an unknown one happens. */
export class Journal {
  readonly #entries: Map<number, JournalEntry>
  #last = 0

  constructor(entries: JournalEntry[]) {
    this.#entries = new Map(entries.map(entry => [entry.n, entry]))
  }

  /** Numbers of effects in the order of their calls, for steps that do not number their own. */
  nextNumber(): number {
    return ++this.#last
  }

  /** What is known of effect `n`. Throws NotReplayable when it was another one. */
  find(n: number, kind: string, fingerprint: string): JournalEntry | undefined {
    const entry = this.#entries.get(n)
    if (entry && (entry.kind !== kind || entry.fingerprint !== fingerprint)) {
      throw new NotReplayable(`not replayable: effect ${n} was ${entry.kind === kind ? `another ${kind}` : `a ${entry.kind}, and is a ${kind} now`}`)
    }
    return entry
  }

  /** Newest first. */
  ended(kind: string): JournalEntry[] {
    return [...this.#entries.values()].filter(entry => entry.kind === kind && entry.ended).sort((a, b) => b.n - a.n)
  }
}
