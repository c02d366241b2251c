import type { Clock } from '@yardmaster/runtime'
import type { Database } from './database.js'
import { onceReachable } from './once-reachable.js'

export type IdBlockOptions = {
  db: Database
  /** The sequence from which ids are taken ahead. */
  sequence: 'logs_id_seq' | 'artifacts_id_seq'
  size: number
  clock: Clock
}

/** Ids taken from a sequence in blocks, so that rows can refer to each other before they are written. Unused ids are lost. */
export class IdBlock {
  readonly #options: IdBlockOptions
  readonly #ids: number[] = []
  #filling: Promise<void> | null = null

  constructor(options: IdBlockOptions) {
    this.#options = options
  }

  /** Waits for a database that is away. */
  async take(): Promise<number> {
    for (;;) {
      if (this.#ids.length < this.#options.size / 2) this.#filling ??= this.#fill().finally(() => { this.#filling = null })
      const id = this.#ids.shift()
      if (id === undefined) {
        await this.#filling
        continue
      }
      // The refill that runs ahead may fail: whoever finds the block empty tries again and hears of it.
      this.#filling?.catch(() => {})
      return id
    }
  }

  async #fill(): Promise<void> {
    const { db, sequence, size, clock } = this.#options
    const { rows } = await onceReachable(clock, () => db.pool.query<{ id: number }>('SELECT nextval($1::regclass) AS id FROM generate_series(1, $2)', [sequence, size]))
    this.#ids.push(...rows.map(row => row.id))
  }
}
