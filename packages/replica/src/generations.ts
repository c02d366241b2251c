import { ConfigurationThreads } from '@yardmaster/config/host'
import type { Database } from '@yardmaster/db'
import { completed, type Configuration } from '@yardmaster/domain'
import type { Clock, Logger } from '@yardmaster/runtime'

/** One version of a configuration set: what it says, and the threads that run its functions (started when first needed). */
export type LoadedGeneration = { id: number; configuration: Configuration; threads: ConfigurationThreads }

export type Generations = {
  /** The active generation of this replica's set; null until one has been brought. */
  active(): LoadedGeneration | null
  /** Of every set of the installation, this replica's own first; only its own unless it was opened to see all. */
  everyActive(): LoadedGeneration[]
  /** Any generation, also one that is not active any more. Throws when there is none with this id. */
  get(id: number): Promise<LoadedGeneration>
  /** Called after another generation became active. */
  onChange(fn: (generation: LoadedGeneration) => void): void
  /** Looks which generation is active. */
  refresh(): Promise<void>
}

/** The active generation, and those of late: of builds under way and of requests that waited through some changes. */
const MOST_LOADED = 8

type Options = { db: Database; clock: Clock; logger: Logger; set: string; everySet?: boolean }

/** Generations as they are needed: every replica can run every one, whatever is on its disk. */
export async function openGenerations({ db, clock, logger, set, everySet = false }: Options): Promise<Generations> {
  const loaded = new Map<number, Promise<LoadedGeneration>>()
  const listeners: ((generation: LoadedGeneration) => void)[] = []
  let active: LoadedGeneration | null = null
  let others: LoadedGeneration[] = []
  let refreshing: Promise<void> | null = null
  const look = async () => {
    const { rows } = await db.pool.query<{ name: string; id: number }>(
      'SELECT name, active_generation_id AS id FROM configuration_sets WHERE active_generation_id IS NOT NULL AND (name = $1 OR $2) ORDER BY name', [set, everySet])
    others = await Promise.all(rows.filter(row => row.name !== set).map(async row => others.find(other => other.id === row.id) ?? generations.get(row.id)))
    const id = rows.find(row => row.name === set)?.id
    if (id === undefined || id === active?.id) return
    active = await generations.get(id)
    logger.info({ generation: id, set }, 'configuration is active')
    for (const listener of listeners) listener(active)
  }
  const generations: Generations = {
    active: () => active,
    everyActive: () => (active === null ? others : [active, ...others]),
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
  return { id, configuration: completed(row.configuration), threads: new ConfigurationThreads({ bundle: row.code, clock, onReplaced: why => logger.warn({ generation: id, why }, 'a configuration thread was replaced') }) }
}
