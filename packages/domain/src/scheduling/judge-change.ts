import { filterRefusal, type AskFunction, type FilterRefusal } from '../change-filter.js'
import type { ChangeData } from '../change.js'
import type { Json } from '../json.js'
import type { FunctionRef } from '../renderable.js'
import type { ConsumesChanges } from '../scheduler-config.js'

/** Runs a user's function in a configuration thread of the generation. */
export type CallFunction = (fn: FunctionRef, args: Json[]) => Promise<Json>

/** Why a scheduler does nothing about a change. `failure`: what the function that was asked threw. */
export type Silence =
  | { kind: 'disabled' }
  /** Of a kind, or with options, that no change makes build. */
  | { kind: 'takesNoChanges' }
  | { kind: 'filter'; refusal: FilterRefusal }
  | { kind: 'filterFailed'; failure: string }
  | { kind: 'codebase'; codebase: string; known: string[] }
  | { kind: 'unimportant' }

/** Whether a scheduler takes a change, and whether it is important to it. */
export type Judgement = { takes: true; important: boolean } | { takes: false; why: Silence }

export type JudgingCalls = {
  call: CallFunction
  /** A function of the user's failed, and what follows from it. */
  onFailure(error: unknown, what: string): void
}

/**
 * In Buildbot's order: filter, codebase, fileIsImportant. A filter that fails takes nothing, because it may be what guards a deployment; a change
 * that passed it and whose importance cannot be told is important, because not to build it would lose it. Buildbot drops the change in both cases.
 */
export async function judgeChange(scheduler: ConsumesChanges, change: ChangeData, { call, onFailure }: JudgingCalls): Promise<Judgement> {
  const ask: AskFunction = async (fn, input) => Boolean(await call(fn, [input]))
  const silent = (why: Silence): Judgement => ({ takes: false, why })
  let refusal: FilterRefusal | null
  try {
    refusal = await filterRefusal(scheduler.changeFilter, change, ask)
  } catch (error) {
    onFailure(error, 'change filter failed: this scheduler does not take the change')
    return silent({ kind: 'filterFailed', failure: error instanceof Error ? error.message : String(error) })
  }
  if (refusal) return silent({ kind: 'filter', refusal })
  if (!Object.hasOwn(scheduler.codebases, change.codebase)) return silent({ kind: 'codebase', codebase: change.codebase, known: Object.keys(scheduler.codebases) })
  const important = scheduler.fileIsImportant === null || await ask(scheduler.fileIsImportant, change as Json).catch((error: unknown) => {
    onFailure(error, 'fileIsImportant failed: the change is taken as important')
    return true
  })
  return important || !scheduler.onlyImportant ? { takes: true, important } : silent({ kind: 'unimportant' })
}
