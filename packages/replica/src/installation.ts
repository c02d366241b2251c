import { applyMigrations, isUnavailable, type Database } from '@yardmaster/db'
import type { Clock, Logger } from '@yardmaster/runtime'

const PAUSE_MS = 1_000

/** Waits for the database, brings it to the newest schema, and returns the installation's id. */
export async function openInstallation({ db, url, clock, logger, signal }: { db: Database; url: string; clock: Clock; logger: Logger; signal: AbortSignal }): Promise<string> {
  for (;;) {
    try {
      const applied = await applyMigrations(url)
      if (applied.length > 0) logger.info({ migrations: applied }, 'database migrated')
      const { rows } = await db.pool.query<{ id: string }>('SELECT id FROM installation')
      return rows[0]!.id
    } catch (error) {
      if (!isUnavailable(error)) throw error
      logger.warn({ err: error }, 'the database cannot be reached; trying again')
      await clock.sleep(PAUSE_MS, signal)
    }
  }
}
