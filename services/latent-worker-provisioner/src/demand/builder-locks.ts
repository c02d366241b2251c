import { locksAnswered } from '@yardmaster/config/host'
import { lockUses, type BuilderConfig, type LockAccess, type WaitingRequest } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Provisioning } from '../deps.js'
import { readRequestViews } from '../rendering/request-view.js'

type Asked = { id: number; builder: BuilderConfig }
type Needs = Pick<WaitingRequest, 'locks' | 'workerLocks'>

/** In one pass: the next one goes on. */
const MOST_ASKED = 100

/**
 * Locks that builds of these requests would hold from their begin to their end. What a function says is asked once for each request; one that fails says nothing here: the claim tells
 * its failure.
 */
export function createBuilderLocks({ db }: Provisioning): (generation: LoadedGeneration, requests: readonly Asked[]) => Promise<Map<number, Needs>> {
  let known = new Map<number, Needs>()
  let of = 0
  const ask = async (generation: LoadedGeneration, asked: readonly Asked[]) => {
    const views = asked.length > 0 ? await readRequestViews(db, generation, asked.map(({ id }) => id)) : new Map<number, never>()
    for (const { id, builder } of asked) {
      const view = views.get(id)
      if (!view || Array.isArray(builder.locks)) continue
      known.set(id, await generation.threads.call(builder.locks, { view }).then(answer => needsOf(locksAnswered(answer, `locks of builder ${builder.name}`)), () => none))
    }
  }
  return async (generation, requests) => {
    if (of !== generation.id) known = new Map()
    of = generation.id
    const waiting = new Set(requests.map(({ id }) => id))
    for (const id of known.keys()) if (!waiting.has(id)) known.delete(id)
    await ask(generation, requests.filter(({ id, builder }) => !Array.isArray(builder.locks) && !known.has(id)).slice(0, MOST_ASKED))
    const plain = new Map<BuilderConfig, Needs>()
    return new Map(requests.map(({ id, builder }): [number, Needs] => {
      if (!Array.isArray(builder.locks)) return [id, known.get(id) ?? none]
      if (!plain.has(builder)) plain.set(builder, needsOf(builder.locks))
      return [id, plain.get(builder)!]
    }))
  }
}

const none: Needs = { locks: [], workerLocks: [] }

function needsOf(accesses: readonly LockAccess[]): Needs {
  return { locks: lockUses(accesses.filter(({ scope }) => scope === 'cluster'), { id: 0, name: '' }), workerLocks: accesses.filter(({ scope }) => scope === 'worker') }
}
