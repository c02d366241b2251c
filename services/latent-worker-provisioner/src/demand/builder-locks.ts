import { locksAnswered } from '@yardmaster/config/host'
import { lockUses, type BuilderConfig, type LockAccess, type LockUse } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Provisioning } from '../deps.js'
import { readRequestViews } from '../rendering/request-view.js'

type Asked = { id: number; builder: BuilderConfig }

/** In one pass: the next one goes on. */
const MOST_ASKED = 100

/**
 * Locks of the whole installation that builds of these requests would hold from their begin to their end. Those on a worker are free on one that does not build yet. What a function says is
 * asked once for each request; one that fails says nothing here: the claim tells its failure.
 */
export function createBuilderLocks({ db }: Provisioning): (generation: LoadedGeneration, requests: readonly Asked[]) => Promise<Map<number, LockUse[]>> {
  let known = new Map<number, LockUse[]>()
  let of = 0
  const ask = async (generation: LoadedGeneration, asked: readonly Asked[]) => {
    const views = asked.length > 0 ? await readRequestViews(db, generation, asked.map(({ id }) => id)) : new Map<number, never>()
    for (const { id, builder } of asked) {
      const view = views.get(id)
      if (!view || Array.isArray(builder.locks)) continue
      known.set(id, await generation.threads.call(builder.locks, { view }).then(answer => clusterLocks(locksAnswered(answer, `locks of builder ${builder.name}`)), () => []))
    }
  }
  return async (generation, requests) => {
    if (of !== generation.id) known = new Map()
    of = generation.id
    const waiting = new Set(requests.map(({ id }) => id))
    for (const id of known.keys()) if (!waiting.has(id)) known.delete(id)
    await ask(generation, requests.filter(({ id, builder }) => !Array.isArray(builder.locks) && !known.has(id)).slice(0, MOST_ASKED))
    const plain = new Map<BuilderConfig, LockUse[]>()
    return new Map(requests.map(({ id, builder }): [number, LockUse[]] => {
      if (!Array.isArray(builder.locks)) return [id, known.get(id) ?? []]
      if (!plain.has(builder)) plain.set(builder, clusterLocks(builder.locks))
      return [id, plain.get(builder)!]
    }))
  }
}

function clusterLocks(locks: readonly LockAccess[]): LockUse[] {
  return lockUses(locks.filter(({ scope }) => scope === 'cluster'), { id: 0, name: '' })
}
