import type { Database } from '@yardmaster/db'
import { balanced, fairShare, nextPause, toLetGo, type BalanceState, type Labels } from '@yardmaster/domain'
import type { Generations, Replica } from '@yardmaster/replica'
import type { Clock, Logger, Random } from '@yardmaster/runtime'
import type { BuildRuns } from '../build/build-runs.js'
import { labelsOf, readFellowEngines, takersOf, type FellowEngine } from '../workers/fellow-engines.js'
import type { WorkerPool } from '../workers/worker-pool.js'
import type { WorkerSession } from '../workers/worker-session.js'

export type BalanceDeps = { db: Database; replicaId: number; set: string; pool: WorkerPool; runs: BuildRuns; generations: Generations; clock: Clock; random: Random; logger: Logger }

/** A worker that came back is left alone for this long, unless no other is idle. */
const LEFT_ALONE_MS = 300_000

/** After other engines have come: idle workers are let go, slowly, until this engine has no more than its share. */
export class Balance {
  readonly #deps: BalanceDeps
  #state: BalanceState = balanced
  #nextAt = -Infinity
  #triedSince = false
  /** When each was let go, of those of late. */
  readonly #goneAt = new Map<number, number>()

  constructor(deps: BalanceDeps) {
    this.#deps = deps
  }

  /** Answers in how many ms to look again; null: at the next sweep. */
  async run(): Promise<number | null> {
    const { pool, clock, logger, db } = this.#deps
    const mine = pool.sessions().filter(session => session.link !== null && session.opening === null)
    if (clock.monotonic() < this.#nextAt) return this.#nextAt - clock.monotonic()
    this.#learn(mine)
    const idle = mine.filter(session => this.#deps.runs.of(session).length === 0)
    const engines = await readFellowEngines(db, this.#deps.set)
    const share = engines.length < 2 ? mine.length : await this.#share(engines)
    const { letGo, shedding } = toLetGo({ mine: mine.length, share, idle: idle.length }, this.#state)
    this.#state = { ...this.#state, shedding }
    if (!shedding) return null
    const chosen = this.#choose(idle, letGo)
    if (chosen.length > 0) {
      logger.info({ workers: mine.length, share: Math.round(share * 10) / 10, letGo: chosen.map(session => session.name) }, 'more than its share: idle workers are let go')
      await pool.letGo(chosen, 'this engine has more than its share of the workers', { onlyIdle: true })
      for (const { workerId } of chosen) this.#goneAt.set(workerId, clock.monotonic())
      this.#triedSince = true
    }
    this.#nextAt = clock.monotonic() + this.#state.pause * 1000
    return this.#state.pause * 1000
  }

  /** Whether those let go of late have stayed away says how soon to try again. */
  #learn(mine: WorkerSession[]): void {
    const here = new Set(mine.map(session => session.workerId))
    const gone = [...this.#goneAt.keys()]
    if (this.#triedSince) this.#state = { ...this.#state, pause: nextPause(this.#state.pause, { letGo: gone.length, returned: gone.filter(id => here.has(id)).length }) }
    this.#triedSince = false
    for (const [id, at] of this.#goneAt) if (this.#deps.clock.monotonic() - at > LEFT_ALONE_MS) this.#goneAt.delete(id)
  }

  #choose(idle: WorkerSession[], count: number): WorkerSession[] {
    const { random } = this.#deps
    const shuffled = idle.map(session => ({ session, tried: this.#goneAt.has(session.workerId) ? 1 : 0, order: random.float() }))
      .sort((a, b) => a.tried - b.tried || a.order - b.order)
    return shuffled.slice(0, count).map(({ session }) => session)
  }

  /** By the rows: what is connected anywhere, divided among those that can take it. */
  async #share(engines: FellowEngine[]): Promise<number> {
    const { db, replicaId, set, generations } = this.#deps
    const { rows } = await db.pool.query<{ name: string; labels: Labels }>(
      `SELECT w.name, w.reported_labels AS labels FROM worker_sessions s JOIN workers w ON w.id = s.worker_id WHERE s.connected AND w.set_name = $1`, [set])
    const generation = generations.active()
    if (generation === null || engines.every(engine => engine.limits === null)) return rows.length / engines.length
    const takers = rows.map(({ name, labels }) => takersOf(engines, { name, labels: labelsOf(generation, name, labels) }, generation).map(engine => engine.id))
    return fairShare(replicaId, takers)
  }
}

export function startBalance(replica: Replica, { pool, runs, draining }: { pool: WorkerPool; runs: BuildRuns; draining(): boolean }): void {
  const { db, id, settings, generations, clock, random, logger } = replica
  const balance = new Balance({ db, replicaId: id, set: settings.set, pool, runs, generations, clock, random, logger })
  const loop = replica.loop({ name: 'balance', everyMs: 5_000, run: async () => {
    const nextInMs = draining() ? null : await balance.run()
    loop.setAlarm(nextInMs === null ? null : clock.now() + nextInMs)
  } })
}
