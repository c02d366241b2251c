import { transaction, type Database, type Fence } from '@yardmaster/db'
import { decideCollapse } from '@yardmaster/db/verbs/decide-collapse'
import { readUndecided, type Undecided } from '@yardmaster/db/verbs/read-undecided'
import { isFunctionRef, isRecord, mergeProperties, propertiesFrom, type BuilderConfig, type Json, type Properties } from '@yardmaster/domain'
import type { Generations, LoadedGeneration } from '@yardmaster/replica'
import type { Clock } from '@yardmaster/runtime'
import { requestView } from '../claim/function-views.js'
import type { GuardedFunctions } from '../claim/guarded-functions.js'
import { Patience } from '../claim/patience.js'

export type CollapseDeps = { db: Database; fence: Fence; clock: Clock; generations: Generations; functions: GuardedFunctions }

/** Older requests that the function is asked about, for one new one. */
const MOST_ASKED = 100
/** For one new request in all: so long is it held up at most. */
const PATIENCE_MS = 2_000

/**
 * Requests of builders whose function says what collapses wait undecided until it has been asked. Any number of engines may do this at once: what was decided first counts.
 * What the function does not say in time, or cannot say since it fails, is a no. Where the active configuration has no function (any more), the request may simply be claimed.
 */
export async function decideCollapses({ db, fence, clock, generations, functions }: CollapseDeps): Promise<{ again: boolean }> {
  const generation = generations.active()
  if (!generation) return { again: false }
  const builders = new Map(generation.configuration.builders.map(builder => [builder.key, builder]))
  const undecided = await readUndecided(db, [...builders.keys()], MOST_ASKED)
  const decided = await Promise.allSettled(undecided.map(async ({ newer, older }) => {
    const answer = await ask({ clock, functions }, { generation, builder: builders.get(newer.builderKey)! }, { newer, older })
    return transaction(db, fence, tx => decideCollapse(tx, { requestId: newer.id, builderId: newer.builderId, ...answer }))
  }))
  for (const result of decided) if (result.status === 'rejected') throw result.reason
  return { again: undecided.length > 0 }
}

type Answer = { needless: number[]; properties: Properties | null }

async function ask({ clock, functions }: Pick<CollapseDeps, 'clock' | 'functions'>, { generation, builder }: { generation: LoadedGeneration; builder: BuilderConfig }, { newer, older }: Undecided): Promise<Answer> {
  const { collapseRequests: fn, name } = builder
  const answer: Answer = { needless: [], properties: null }
  if (!isFunctionRef(fn)) return answer
  const patience = new Patience(clock, PATIENCE_MS)
  for (const request of older) {
    const merged = { ...newer, properties: mergeProperties(newer.properties, answer.properties ?? {}) }
    const asked = await functions.ask(generation, { what: `collapseRequests of builder ${name}`, fn, args: [requestView(request, name), requestView(merged, name)], read: readCollapse, patience })
    if (asked === 'late' || 'failed' in asked) break
    if (asked.answer === false) continue
    answer.needless.push(request.id)
    if (asked.answer !== true) answer.properties = mergeProperties(answer.properties ?? {}, propertiesFrom(asked.answer, 'Collapse'))
  }
  return answer
}

/** Whether they collapse, and with which properties. Throws when it is no answer. */
function readCollapse(answer: Json): boolean | { [name: string]: Json } {
  if (typeof answer === 'boolean') return answer
  const properties = isRecord(answer) ? answer['properties'] : undefined
  if (isRecord(properties)) return properties
  throw new Error(`collapseRequests: expected true, false or { properties }, found ${JSON.stringify(answer).slice(0, 200)}`)
}
