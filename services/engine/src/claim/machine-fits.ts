import type { Database } from '@yardmaster/db'
import type { WorkerView } from '@yardmaster/domain'
import { readFingerprints, type MadeFor } from '@yardmaster/db/verbs/read-fingerprints'

/** Which machines suit which requests: a machine that was made for one build is given to others only if theirs would be the same. */
export class MachineFits {
  readonly #db: Database
  /** By worker, those that do not suit every build. */
  readonly #machines: ReadonlyMap<string, MadeFor>
  /** By request and pool, of the requests that were read. */
  readonly #asked = new Map<string, string | null>()

  constructor(db: Database, machines: ReadonlyMap<string, MadeFor>) {
    this.#db = db
    this.#machines = machines
  }

  /** To be called before requests are held against machines. */
  async read(requestIds: readonly number[]): Promise<void> {
    if (this.#machines.size === 0 || requestIds.length === 0) return
    for (const { requestId, poolId, fingerprint } of await readFingerprints(this.#db, requestIds)) this.#asked.set(`${requestId}/${poolId}`, fingerprint)
  }

  fits(requestId: number, worker: string): boolean {
    const machine = this.#machines.get(worker)
    return !machine || this.#asked.get(`${requestId}/${machine.poolId}`) === machine.fingerprint
  }

  /** What a request must be made for to be built on one of the builder's workers that are ready; null: nothing, as one of them suits every build. */
  only(ready: () => readonly WorkerView[]): MadeFor[] | null {
    if (this.#machines.size === 0) return null
    const made = ready().map(({ name }) => this.#machines.get(name))
    return made.every(machine => machine !== undefined) ? made : null
  }
}
