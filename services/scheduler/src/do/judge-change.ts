import { matchesChangeFilter, type BasicScheduler, type ChangeData, type FunctionRef, type Json } from '@yardmaster/domain'
import type { Logger } from '@yardmaster/runtime'

/** Runs a user's function in a configuration thread of the generation. */
export type CallFunction = (fn: FunctionRef, args: Json[]) => Promise<Json>

export type Judgement = { important: boolean }

/**
 * Whether a scheduler takes a change (null: not), and whether it is important, in Buildbot's order: filter, codebase, fileIsImportant.
 * A filter that fails takes nothing, because it may be what guards a deployment; a change that passed it and whose importance cannot
 * be told is important, because not to build it would lose it. Buildbot drops the change in both cases.
 */
export async function judgeChange(scheduler: BasicScheduler, change: ChangeData, { call, logger }: { call: CallFunction; logger: Logger }): Promise<Judgement | null> {
  const about = { scheduler: scheduler.name, change: change.id }
  const ask = async (fn: FunctionRef, input: Json) => Boolean(await call(fn, [input]))
  const matches = await matchesChangeFilter(scheduler.changeFilter, change, ask).catch((error: unknown) => {
    logger.error({ err: error, ...about }, 'change filter failed: this scheduler does not take the change')
    return false
  })
  if (!matches || !Object.hasOwn(scheduler.codebases, change.codebase)) return null
  const important = scheduler.fileIsImportant === null || await ask(scheduler.fileIsImportant, change as Json).catch((error: unknown) => {
    logger.error({ err: error, ...about }, 'fileIsImportant failed: the change is taken as important')
    return true
  })
  return important || !scheduler.onlyImportant ? { important } : null
}
