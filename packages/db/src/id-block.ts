import type { Database } from './database.js'

/** Sequences from which ids are taken ahead. */
export type IdSequence = 'logs_id_seq'

/** Ids taken from a sequence in blocks, so that rows can refer to each other before they are written. Unused ids are lost. */
export class IdBlock {
  readonly #db: Database
  readonly #sequence: IdSequence
  readonly #size: number
  #ids: number[] = []
  #filling: Promise<void> | null = null

  constructor(db: Database, sequence: IdSequence, size: number) {
    this.#db = db
    this.#sequence = sequence
    this.#size = size
  }

  async take(): Promise<number> {
    for (;;) {
      if (this.#ids.length < this.#size / 2) this.#filling ??= this.#fill().finally(() => { this.#filling = null })
      const id = this.#ids.shift()
      if (id !== undefined) {
        // The refill that runs ahead may fail: whoever finds the block empty tries again and hears of it.
        this.#filling?.catch(() => {})
        return id
      }
      await this.#filling
    }
  }

  async #fill(): Promise<void> {
    const { rows } = await this.#db.pool.query<{ id: number }>('SELECT nextval($1::regclass) AS id FROM generate_series(1, $2)', [this.#sequence, this.#size])
    this.#ids.push(...rows.map(row => row.id))
  }
}
