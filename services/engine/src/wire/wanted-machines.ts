import type { Database } from '@yardmaster/db'
import type { Clock } from '@yardmaster/runtime'

/** `passwordHash`: SHA-256 of what its worker signs in with; null: it has none of its own. */
export type WantedMachine = { instanceId: number; passwordHash: Buffer | null }

/** A machine that is not wanted any more may be let in for so long: the opening of its session refuses it. */
const FRESH_MS = 1_000
/** However many come with wrong passwords, the rows are read no more often. */
const BETWEEN_MS = 100

/** The machine that each latent worker may come from: those that are wanted now, all read together and kept for a moment. */
export class WantedMachines {
  readonly #db: Database
  readonly #clock: Clock
  #known: { at: number; machines: ReadonlyMap<string, WantedMachine> } = { at: -Infinity, machines: new Map() }
  #beganAt = -Infinity
  /** The reading that has not begun: whoever comes before it begins is answered by it. */
  #next: Promise<ReadonlyMap<string, WantedMachine>> | null = null

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  /** The machine of that worker, if it fits. One that does not was perhaps replaced just now: the rows are read after the question. */
  async find(worker: string, fits: (machine: WantedMachine) => boolean): Promise<WantedMachine | null> {
    const fitting = (machine: WantedMachine | undefined) => (machine && fits(machine) ? machine : null)
    const fresh = this.#clock.monotonic() - this.#known.at < FRESH_MS
    const known = fresh ? fitting(this.#known.machines.get(worker)) : null
    return known ?? fitting((await (this.#next ??= this.#readSoon())).get(worker))
  }

  async #readSoon(): Promise<ReadonlyMap<string, WantedMachine>> {
    await this.#clock.sleep(Math.max(0, this.#beganAt + BETWEEN_MS - this.#clock.monotonic()))
    this.#next = null
    const at = this.#beganAt = this.#clock.monotonic()
    const { rows } = await this.#db.pool.query<{ name: string; id: number; hash: string | null }>(
      `SELECT w.name, i.id, i.password_hash AS hash FROM instances i JOIN workers w ON w.id = i.worker_id WHERE i.holds_slot AND i.desired = 'running'`)
    const machines = new Map(rows.map(({ name, id, hash }) => [name, { instanceId: id, passwordHash: hash === null ? null : Buffer.from(hash, 'hex') }]))
    // Of two readings the one that began later is the better.
    if (at > this.#known.at) this.#known = { at, machines }
    return machines
  }
}
