import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { checkConfiguration, ConfigurationThreads, formatProblems } from '@yardmaster/config/host'
import { transaction, type Database } from '@yardmaster/db'
import { activateGeneration } from '@yardmaster/db/verbs/activate-generation'
import type { Configuration } from '@yardmaster/domain'
import type { Clock, Logger } from '@yardmaster/runtime'
import type { Replica } from './start-replica.js'

/** One version of a configuration set: what it says, and the threads that run its functions (started when first needed). */
export type LoadedGeneration = { id: number; configuration: Configuration; threads: ConfigurationThreads }

export type Generations = {
  /** The active generation of this replica's set; null until one has been brought. */
  active(): LoadedGeneration | null
  /** Any generation, also one that is not active any more. Throws when there is none with this id. */
  get(id: number): Promise<LoadedGeneration>
  /** Called after another generation became active. */
  onChange(fn: (generation: LoadedGeneration) => void): void
  /** Looks which generation is active. */
  refresh(): Promise<void>
}

/** The active generation, and those of late: of builds under way and of requests that waited through some changes. */
const MOST_LOADED = 8

type Options = { db: Database; clock: Clock; logger: Logger; set: string }

/** Generations as they are needed: every replica can run every one, whatever is on its disk. */
export async function openGenerations({ db, clock, logger, set }: Options): Promise<Generations> {
  const loaded = new Map<number, Promise<LoadedGeneration>>()
  const listeners: ((generation: LoadedGeneration) => void)[] = []
  let active: LoadedGeneration | null = null
  let refreshing: Promise<void> | null = null
  const look = async () => {
    const { rows } = await db.pool.query<{ id: number | null }>('SELECT active_generation_id AS id FROM configuration_sets WHERE name = $1', [set])
    const id = rows[0]?.id ?? null
    if (id === null || id === active?.id) return
    active = await generations.get(id)
    logger.info({ generation: id, set }, 'configuration is active')
    for (const listener of listeners) listener(active)
  }
  const generations: Generations = {
    active: () => active,
    get(id) {
      if (id === active?.id) return Promise.resolve(active)
      const loading = loaded.get(id) ?? load(db, clock, logger, id)
      loading.catch(() => loaded.delete(id))
      // The latest used last. A build keeps the one it has; threads that nobody needs end by themselves.
      loaded.delete(id)
      loaded.set(id, loading)
      for (const oldest of [...loaded.keys()].slice(0, -MOST_LOADED)) loaded.delete(oldest)
      return loading
    },
    onChange: fn => { listeners.push(fn) },
    async refresh() {
      // One after the other: each asker gets an answer that is younger than the question.
      const before = refreshing
      const mine = (async () => {
        await before?.catch(() => {})
        return look()
      })()
      refreshing = mine
      return mine
    },
  }
  await generations.refresh()
  return generations
}

async function load(db: Database, clock: Clock, logger: Logger, id: number): Promise<LoadedGeneration> {
  const { rows } = await db.pool.query<{ code: string; configuration: Configuration }>('SELECT code, configuration FROM generations WHERE id = $1', [id])
  const row = rows[0]
  if (!row) throw new Error(`generation ${id} is not in the database`)
  return { id, configuration: row.configuration, threads: new ConfigurationThreads({ bundle: row.code, clock, onReplaced: why => logger.warn({ generation: id, why }, 'a configuration thread was replaced') }) }
}

/**
 * Checks this replica's configuration file and, if it says something new, makes it the active generation.
 * A wrong one is told with all its errors and changes nothing: the system keeps its old configuration.
 */
export async function bringConfiguration({ db, clock, settings, logger, generations }: Pick<Replica, 'db' | 'clock' | 'settings' | 'logger' | 'generations'>): Promise<void> {
  if (!existsSync(settings.config)) {
    if (generations.active() === null) logger.warn({ file: settings.config }, 'there is no configuration file here and none in the database: nothing will be built until one is brought')
    return
  }
  const checked = await checkConfiguration(settings.config, clock.setTimeout)
  if (!checked.ok) {
    logger.error({ file: settings.config, problems: checked.errors.length }, `the configuration is wrong; ${generations.active() ? 'the old one stays' : 'there is none yet'}\n${formatProblems(checked.errors)}`)
    return
  }
  const { configuration, bundle } = checked
  // What it says may depend on more than its code (the environment): both make the version.
  const digest = createHash('sha256').update(bundle.digest).update(JSON.stringify(configuration)).digest('hex')
  const { id, activated } = await transaction(db, null, tx => activateGeneration(tx, { set: settings.set, digest, code: bundle.code, configuration }))
  if (!activated && generations.active()?.id !== id) logger.warn({ file: settings.config, generation: id }, 'this configuration is an older generation; going back to it is an explicit act')
  await generations.refresh()
}
