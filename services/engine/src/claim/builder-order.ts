import type { Database } from '@yardmaster/db'
import { countPending } from '@yardmaster/db/verbs/count-pending'
import type { BuilderConfig, Json } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Clock } from '@yardmaster/runtime'
import { named } from './function-views.js'
import type { GuardedFunctions } from './guarded-functions.js'
import { Patience } from './patience.js'

/** For the function's own deadline, and for its thread to start. Everything waits for it: that is what it is for. */
const PATIENCE_MS = 5_000

/** Places of builders by key, as `prioritizeBuilders` puts them; those that it leaves out are not served now. Null: they take turns. */
export async function builderPlaces(
  { db, clock, functions }: { db: Database; clock: Clock; functions: GuardedFunctions }, generation: LoadedGeneration, builders: readonly BuilderConfig[],
): Promise<Map<string, number> | null> {
  const { prioritizeBuilders } = generation.configuration
  if (!prioritizeBuilders) return null
  const pending = new Map((await countPending(db, builders.map(builder => builder.key))).map(row => [row.builderKey, row]))
  const choices = builders.flatMap(({ key, name, tags }) => {
    const row = pending.get(key)
    return row ? [{ name, tags, pending: row.pending, highestPriority: row.highestPriority, oldestSubmittedAt: row.oldestSubmittedAt }] : []
  })
  if (choices.length === 0) return new Map()
  const keys = new Map(builders.map(builder => [builder.name, builder.key]))
  const asked = await functions.ask(generation, { what: 'prioritizeBuilders', fn: prioritizeBuilders, args: [choices], read: answer => readPlaces(answer, keys), patience: new Patience(clock, PATIENCE_MS) })
  return asked === 'late' || 'failed' in asked ? null : asked.answer
}

function readPlaces(answer: Json, keys: ReadonlyMap<string, string>): Map<string, number> {
  if (!Array.isArray(answer)) throw new Error(`prioritizeBuilders: expected a list of builders, found ${JSON.stringify(answer).slice(0, 200)}`)
  return new Map(answer.map((item, place) => {
    const name = named(item, 'name')
    const key = typeof name === 'string' ? keys.get(name) : undefined
    if (key === undefined) throw new Error(`prioritizeBuilders: expected names of builders, found ${JSON.stringify(item).slice(0, 200)}`)
    return [key, place]
  }))
}
