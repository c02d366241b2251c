import { createHash } from 'node:crypto'
import { render, type Json, type MachineProvider, type PoolConfig, type ProviderKind, type Renderable } from '@yardmaster/domain'
import { openProvider, ProviderError, type ProviderDeps } from '@yardmaster/providers'
import type { Generations, LoadedGeneration } from '@yardmaster/replica'
import type { Logger, Secrets } from '@yardmaster/runtime'
import PQueue from 'p-queue'
import { withoutSecrets } from './without-secrets.js'

/** A provider that is open for one account. Pools with the same account share it. */
export type Account = {
  /** Tells accounts apart: a digest of kind and resolved account. */
  key: string
  kind: ProviderKind
  provider: MachineProvider
  /** What is asked of it goes through here: so many calls at once, and so many in a second. */
  queue: PQueue
}

export type Providers = {
  /** The account of a pool as that generation says, also when neither is active any more. Throws ProviderError of class `configuration` or `alert` when it cannot be opened. */
  of(generationId: number, poolName: string): Promise<Account>
  /** The pool as that generation says. Throws when it has none of that name. */
  pool(generationId: number, poolName: string): Promise<PoolConfig>
  close(): Promise<void>
}

/** Opens what functions of the configuration implement. */
export type CustomOpener = (generation: LoadedGeneration, account: { [name: string]: Renderable }) => MachineProvider | Promise<MachineProvider>

type Options = { generations: Generations; secrets: Secrets; deps: ProviderDeps; logger: Logger; openCustom: CustomOpener | null }

/** Pools of generations: an hour's are asked for all the time, and few generations stay loaded. */
const MOST_KNOWN = 1_000
const CALLS_AT_ONCE = 16
const CALLS_PER_SECOND = 30

/** Opens each distinct account once. A secret that was rotated makes another account: the old one goes when the process does. */
export function createProviders({ generations, secrets, deps, logger, openCustom }: Options): Providers {
  const open = new Map<string, Promise<Account>>()
  const known = new Map<string, PoolConfig>()
  const poolOf = async (generationId: number, name: string): Promise<PoolConfig> => {
    const key = `${generationId}/${name}`
    const pool = known.get(key) ?? (await generations.get(generationId)).configuration.pools.find(candidate => candidate.name === name)
    if (!pool) throw new ProviderError(`generation ${generationId} has no pool '${name}'`, { failureClass: 'configuration' })
    known.set(key, pool)
    for (const oldest of [...known.keys()].slice(0, -MOST_KNOWN)) known.delete(oldest)
    return pool
  }
  return {
    async of(generationId, poolName) {
      const { provider: { kind, account } } = await poolOf(generationId, poolName)
      // Functions are called by what names them.
      const { functions, ...told } = account
      const used: string[] = []
      const resolved = { ...await resolve(told, poolName, name => keep(used, secrets.get(name))), ...(functions === undefined ? {} : { functions }) }
      // Functions are those of their generation; all else is told apart by what it says.
      const key = digest([kind, resolved, kind === 'custom' ? [generationId, poolName] : null])
      const opening = open.get(key) ?? openAccount({ key, kind, resolved, secrets: used, generation: () => generations.get(generationId), deps, openCustom })
      // What cannot be opened is tried at each look, and told by whoever looks.
      if (!open.has(key)) opening.then(() => logger.info({ pool: poolName, provider: kind }, 'a provider is open'), () => open.delete(key))
      open.set(key, opening)
      return opening
    },
    pool: poolOf,
    async close() {
      const opened = await Promise.allSettled(open.values())
      await Promise.allSettled(opened.map(async each => { if (each.status === 'fulfilled') await each.value.provider.close?.() }))
    },
  }
}

type Opening = Pick<Account, 'key' | 'kind'> & { resolved: { [name: string]: Json }; /** In it. */ secrets: readonly string[]; generation: () => Promise<LoadedGeneration>; deps: ProviderDeps; openCustom: CustomOpener | null }

async function openAccount({ key, kind, resolved, secrets, generation, deps, openCustom }: Opening): Promise<Account> {
  const provider = kind === 'custom' && openCustom ? await openCustom(await generation(), resolved) : await openProvider(kind, resolved, deps)
  return { key, kind, provider: withoutSecrets(provider, secrets), queue: new PQueue({ concurrency: CALLS_AT_ONCE, interval: 1_000, intervalCap: CALLS_PER_SECOND }) }
}

async function resolve(account: PoolConfig['provider']['account'], poolName: string, secret: Secrets['get']): Promise<{ [name: string]: Json }> {
  const noBuild = { properties: {}, sourcestamps: {}, build: { id: 0, number: 0, builder: '', worker: '', buildset: 0, buildrequest: 0, reason: '' } }
  try {
    const rendered: { [name: string]: Json } = {}
    for (const [name, value] of Object.entries(account)) {
      rendered[name] = await render(value, { ...noBuild, secret, call: () => Promise.reject(new Error('an account depends on no build: it has no functions')) })
    }
    return rendered
  } catch (error) {
    throw new ProviderError(`pool ${poolName}: its account: ${error instanceof Error ? error.message : String(error)}`, { failureClass: 'alert', cause: error })
  }
}

function keep(secrets: string[], value: string | undefined): string | undefined {
  if (value !== undefined) secrets.push(value)
  return value
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
