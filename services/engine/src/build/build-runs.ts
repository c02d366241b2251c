import type { Generations } from '@yardmaster/replica'
import type { WorkerSession } from '../workers/worker-session.js'
import type { BuildData } from './build-data.js'
import { BuildRun } from './build-run.js'
import type { EngineParts } from './engine-parts.js'
import { loadBuild } from './load-build.js'

/** The builds that this engine drives. */
export class BuildRuns {
  readonly #parts: EngineParts
  readonly #generations: Generations
  /** A worker has room again. */
  readonly #onEnd: () => void
  readonly #runs = new Map<number, BuildRun>()

  constructor(parts: EngineParts, generations: Generations, onEnd: () => void) {
    this.#parts = parts
    this.#generations = generations
    this.#onEnd = onEnd
  }

  get size(): number {
    return this.#runs.size
  }

  byId(buildId: number): BuildRun | undefined {
    return this.#runs.get(buildId)
  }

  of(session: WorkerSession): BuildRun[] {
    return [...this.#runs.values()].filter(run => run.session === session)
  }

  /** Whether a command id (installation/build/step/n) is of a build that is driven here. */
  hasCommand(commandId: string): boolean {
    const [installation, build] = commandId.split('/')
    return installation === this.#parts.installation && this.#runs.has(Number(build))
  }

  /** Drives the build, unless that is done already. */
  start(data: BuildData, session: WorkerSession): void {
    if (this.#runs.has(data.ref.id)) return
    const run = new BuildRun(this.#parts, data, session)
    this.#runs.set(data.ref.id, run)
    void run.drive().finally(() => {
      this.#runs.delete(data.ref.id)
      session.killAll(id => id.startsWith(run.commandPrefix))
      this.#onEnd()
    })
  }

  /** Takes over builds of the worker that nobody drives here yet. Resolves when each is driven. */
  async adopt(session: WorkerSession, buildIds: number[]): Promise<void> {
    for (const id of buildIds) {
      if (this.#runs.has(id)) continue
      const data = await loadBuild(this.#parts.db, this.#generations, id)
      if (!data || this.#runs.has(id)) continue
      this.#parts.logger.info({ build: id, worker: session.name }, 'taking over a running build')
      this.start(data, session)
    }
  }

  abandon(session: WorkerSession): void {
    for (const run of this.of(session)) {
      this.#runs.delete(run.data.ref.id)
      run.abandon()
    }
  }
}
