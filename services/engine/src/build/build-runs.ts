import type { Generations } from '@yardmaster/replica'
import type { WorkerSession } from '../workers/worker-session.js'
import type { BuildData } from './build-data.js'
import { BuildRun } from './build-run.js'
import type { EngineParts } from './engine-parts.js'
import { loadBuild } from './load-build.js'

/** A build whose thread is gone again and again, through no fault of its own, ends at last. */
const MOST_REPLAYS = 3

/** The builds that this engine drives. */
export class BuildRuns {
  readonly #parts: EngineParts
  readonly #generations: Generations
  /** A worker has room again. */
  readonly #onEnd: (session: WorkerSession) => void
  readonly #runs = new Map<number, BuildRun>()
  /** For each build whose rows are being read: those that were given up or ended meanwhile, of which the rows say what was. */
  readonly #reading = new Set<Set<number>>()
  #handedOver = false

  constructor(parts: EngineParts, generations: Generations, onEnd: (session: WorkerSession) => void) {
    this.#parts = parts
    this.#generations = generations
    this.#onEnd = onEnd
  }

  byId(buildId: number): BuildRun | undefined {
    return this.#runs.get(buildId)
  }

  /** Whether a command id (installation/build/step/n) is of a build that is driven here. */
  hasCommand(commandId: string): boolean {
    const [installation, build] = commandId.split('/')
    return installation === this.#parts.installation && this.#runs.has(Number(build))
  }

  /** Drives the build, unless that is done already. */
  start(data: BuildData, session: WorkerSession): void {
    if (!this.#handedOver && !this.#runs.has(data.ref.id)) this.#drive(new BuildRun(this.#parts, data, session), MOST_REPLAYS)
  }

  /** Takes over builds of the worker that nobody drives here yet. Resolves when each is driven. */
  async adopt(session: WorkerSession, buildIds: number[]): Promise<void> {
    for (const id of buildIds) {
      if (this.#runs.has(id)) continue
      const over = new Set<number>()
      this.#reading.add(over)
      const data = await loadBuild(this.#parts.db, this.#generations, id).finally(() => this.#reading.delete(over))
      if (!data || this.#runs.has(id) || over.has(id)) continue
      this.#parts.logger.info({ build: id, worker: session.name }, 'taking over a running build')
      this.start(data, session)
    }
  }

  /** Resolves when nothing that its builds have written waits for its commit. */
  async abandon(session: WorkerSession): Promise<void> {
    const runs = this.of(session)
    for (const run of runs) this.#give(run)
    await Promise.all(runs.map(run => run.settled()))
  }

  of(session: WorkerSession): BuildRun[] {
    return [...this.#runs.values()].filter(run => run.session === session)
  }

  /** The worker's builds are about to be given up: whether none of them is in the middle of what may not be done again. They begin nothing of the kind until `stay`. */
  mayLeave(session: WorkerSession): boolean {
    return this.of(session).filter(run => !run.once.hold()).length === 0
  }

  /** What was about to be given up is driven on. */
  stay(): void {
    for (const run of this.#runs.values()) run.once.release()
  }

  /** The worker's builds end here and now, and go back to be built by another. Resolves when that is committed. */
  async giveBack(session: WorkerSession, why: string): Promise<void> {
    await Promise.all(this.of(session).map(async run => {
      await run.giveBack(why)
      session.killAll(command => command.startsWith(run.commandPrefix))
    }))
  }

  /** This engine stops: whoever gets the workers next drives their builds on from what is committed. */
  handOver(): void {
    this.#handedOver = true
    for (const run of this.#runs.values()) this.#give(run)
  }

  #give(run: BuildRun): void {
    this.#remove(run)
    run.abandon()
  }

  /** Another run of the same build may have taken its place. */
  #remove(run: BuildRun): void {
    const { id } = run.data.ref
    if (this.#runs.get(id) !== run) return
    this.#runs.delete(id)
    for (const over of this.#reading) over.add(id)
  }

  #drive(run: BuildRun, replaysLeft: number): void {
    const { id } = run.data.ref
    this.#runs.set(id, run)
    const ended = async () => {
      await run.drive(replaysLeft > 0)
      if (run.replayWanted && await this.#replay(run, replaysLeft - 1)) return
      this.#remove(run)
      if (run.ended) run.session.killAll(command => command.startsWith(run.commandPrefix))
      this.#onEnd(run.session)
    }
    ended().catch((error: unknown) => {
      // Holding the sessions against the rows finds the build again.
      this.#remove(run)
      this.#parts.logger.error({ err: error, build: id }, 'a build is not driven any more')
    })
  }

  /** From its rows, as after another engine's death. False when it is not ours any more. */
  async #replay(run: BuildRun, replaysLeft: number): Promise<boolean> {
    const { id } = run.data.ref
    await run.settled()
    const data = await loadBuild(this.#parts.db, this.#generations, id)
    if (!data || this.#runs.get(id) !== run) return false
    this.#parts.logger.info({ build: id }, 'replaying a build')
    this.#drive(new BuildRun(this.#parts, data, run.session), replaysLeft)
    return true
  }
}
