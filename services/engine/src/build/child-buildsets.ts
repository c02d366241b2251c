import { onceReachable, transaction, type Database, type Fence } from '@yardmaster/db'
import { cancelRequest } from '@yardmaster/db/verbs/cancel-request'
import { findOrphans } from '@yardmaster/db/verbs/find-orphans'
import type { ChildBuild } from '@yardmaster/domain'
import type { Clock, Logger } from '@yardmaster/runtime'

const ORPHANS_AT_ONCE = 100

type Waiting = { open: Set<number>; resolve: () => void }
type Options = { db: Database; fence: Fence; clock: Clock; logger: Logger }

/** The buildsets for which builds of this engine wait: one look for all of them. */
export class ChildBuildsets {
  readonly #options: Options
  readonly #waiting = new Set<Waiting>()

  constructor(options: Options) {
    this.#options = options
  }

  /** Resolves when all of them have ended, with the last build of each request. Rejects with the signal's reason. */
  async wait(buildsetIds: number[], signal: AbortSignal): Promise<ChildBuild[]> {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const waiting = { open: new Set(buildsetIds), resolve }
      this.#waiting.add(waiting)
      signal.addEventListener('abort', () => { this.#waiting.delete(waiting); reject(signal.reason as Error) }, { once: true })
      // They may have ended before anybody waited.
      this.sweep().catch((error: unknown) => this.#options.logger.warn({ err: error }, 'cannot look for ended buildsets now'))
    })
    return onceReachable(this.#options.clock, () => this.#buildsOf(buildsetIds))
  }

  /** Looks which of those waited for have ended; called when buildsets end, and from time to time. */
  async sweep(): Promise<void> {
    const asked = [...this.#waiting]
    if (asked.length === 0) return
    const { rows } = await this.#options.db.pool.query<{ id: number }>(
      'SELECT id FROM buildsets WHERE id = ANY($1) AND complete_at IS NOT NULL', [[...new Set(asked.flatMap(({ open }) => [...open]))]])
    for (const waiting of asked) {
      for (const { id } of rows) waiting.open.delete(id)
      if (waiting.open.size === 0 && this.#waiting.delete(waiting)) waiting.resolve()
    }
  }

  /** The build that waits for them is stopped. What this misses, as a crash follows, `cancelOrphans` finds. */
  async cancel(buildsetIds: number[]): Promise<void> {
    await this.#cancel(await findOrphans(this.#options.db, buildsetIds, Number.MAX_SAFE_INTEGER), 'the build that waits for it was stopped')
  }

  /** Requests whose waiting build has ended, however it did: nobody wants them any more. */
  async cancelOrphans(): Promise<{ again: boolean }> {
    const orphans = await findOrphans(this.#options.db, null, ORPHANS_AT_ONCE)
    await this.#cancel(orphans, 'the build that waited for it has ended')
    return { again: orphans.length === ORPHANS_AT_ONCE }
  }

  async #cancel(requestIds: number[], reason: string): Promise<void> {
    const { db, fence, logger } = this.#options
    for (const requestId of requestIds) {
      const done = await transaction(db, fence, tx => cancelRequest(tx, { requestId, reason, actor: 'system:engine' }))
      if (done !== null) logger.info({ request: requestId, done, reason }, 'a triggered build is not wanted any more')
    }
  }

  async #buildsOf(buildsetIds: number[]): Promise<ChildBuild[]> {
    const { rows } = await this.#options.db.pool.query<ChildBuild>(
      `SELECT s.scheduler, s.id AS buildset, r.id AS request, u.name AS builder, u.id AS builderid, b.id AS build, b.number, r.results
       FROM build_requests r JOIN buildsets s ON s.id = r.buildset_id JOIN builders u ON u.id = r.builder_id
       LEFT JOIN LATERAL (SELECT id, number FROM builds WHERE build_request_id = r.id ORDER BY id DESC LIMIT 1) b ON true
       WHERE s.id = ANY($1) ORDER BY s.id, r.id`, [buildsetIds])
    return rows
  }
}
