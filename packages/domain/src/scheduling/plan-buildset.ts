import type { ChangeData } from '../change.js'
import type { Json } from '../json.js'
import { mergeProperties, propertiesFrom, type Properties } from '../properties.js'
import { render, type RenderContext } from '../render.js'
import type { BuildingScheduler } from '../scheduler-config.js'
import type { SourceStampData } from '../source-stamp.js'
import type { CallFunction } from './judge-change.js'

export type StoredChange = ChangeData & { id: number }

/** What a scheduler asks for: a build of these places by each of these builders. */
export type AskedBuildset = { reason: string; scheduler: string; properties: Properties; sourcestamps: SourceStampData[]; builderNames: string[]; priority: number }

/** What a buildset is made from: changes, or places that somebody else has chosen. */
export type BuildsetBasis = {
  changes: StoredChange[]
  /** As they are: those of an upstream buildset, whose changes are given beside them, or of whoever triggers. */
  sourcestamps?: SourceStampData[] | null
  /** Over all others. */
  properties?: Properties
  /** Where the codebases that have no change were last seen. */
  lastPlaces?: { [codebase: string]: Pick<SourceStampData, 'repository' | 'branch' | 'revision'> }
}

export type PlanningCalls = {
  /** Quick functions: properties, reason, priority. */
  call: CallFunction
  /** Those that may ask the outside world: builderNames. */
  callPatiently: CallFunction
  /** Whether the active configuration has this builder. */
  hasBuilder(name: string): boolean
}

/**
 * The buildset that a scheduler asks for: for each of its codebases the place of the newest change, else what the scheduler says of the codebase. As
 * in Buildbot, the properties of the changes that are built win over the scheduler's. Null: its builderNames function named none.
 * Throws what its functions throw, and when they name a builder that there is not.
 */
export async function planBuildset(scheduler: BuildingScheduler, basis: BuildsetBasis, calls: PlanningCalls): Promise<AskedBuildset | null> {
  const newest = new Map(basis.changes.toSorted((a, b) => a.id - b.id).map(change => [change.codebase, change]))
  const codebases = Object.keys(scheduler.codebases).sort()
  const sourcestamps = basis.sourcestamps ?? codebases.map(codebase => stampOf(codebase, newest.get(codebase), { scheduler, basis }))
  const input = inputOf(sourcestamps, basis.changes)
  const context = contextOf(sourcestamps, {}, fn => calls.call(fn, [input]))
  const own = await render(scheduler.properties, context) as { [name: string]: Json }
  const built = basis.sourcestamps ? basis.changes : codebases.flatMap(codebase => newest.get(codebase) ?? [])
  const properties = mergeProperties(propertiesFrom({ ...own, scheduler: scheduler.name }, 'Scheduler'), ...built.map(change => change.properties), basis.properties)
  const builderNames = await buildersOf(scheduler, { ...input, properties: valuesOf(properties) }, calls)
  if (builderNames.length === 0) return null
  const reason = await render(scheduler.reason, { ...context, properties, call: fn => calls.call(fn, [{ ...input, properties: valuesOf(properties) }]) })
  return {
    reason: typeof reason === 'string' ? reason : JSON.stringify(reason), scheduler: scheduler.name, properties, sourcestamps, builderNames,
    priority: await priorityOf(scheduler, builderNames, { changes: basis.changes, call: calls.call }),
  }
}

/** Whether planning a buildset of it asks functions of the user's, and so may take long or fail. */
export function asksFunctions(scheduler: BuildingScheduler): boolean {
  return !Array.isArray(scheduler.builders) || typeof scheduler.priority !== 'number' || typeof scheduler.reason !== 'string' || JSON.stringify(scheduler.properties).includes('"$fn":')
}

async function buildersOf(scheduler: BuildingScheduler, input: Json, { callPatiently, hasBuilder }: PlanningCalls): Promise<string[]> {
  if (Array.isArray(scheduler.builders)) return scheduler.builders
  const answer = await callPatiently(scheduler.builders, [input])
  const names = (Array.isArray(answer) ? answer : [answer]).filter(name => name !== null)
  const wrong = names.find(name => typeof name !== 'string')
  if (wrong !== undefined) throw new Error(`scheduler '${scheduler.name}': its builders function must answer with names of builders, found ${JSON.stringify(wrong)}`)
  const missing = (names as string[]).filter(name => !hasBuilder(name))
  if (missing.length > 0) throw new Error(`scheduler '${scheduler.name}': its builders function named ${missing.map(name => `'${name}'`).join(', ')}, which the active configuration does not have`)
  return [...new Set(names as string[])]
}

async function priorityOf(scheduler: BuildingScheduler, builderNames: string[], { changes, call }: { changes: StoredChange[]; call: CallFunction }): Promise<number> {
  if (typeof scheduler.priority === 'number') return scheduler.priority
  const byCodebase: { [codebase: string]: Json[] } = {}
  for (const change of changes) (byCodebase[change.codebase] ??= []).push(change)
  const answer = await call(scheduler.priority, [builderNames, byCodebase])
  if (typeof answer !== 'number' || !Number.isSafeInteger(answer)) throw new Error(`scheduler '${scheduler.name}': its priority function must answer with a whole number, found ${JSON.stringify(answer)}`)
  return answer
}

function stampOf(codebase: string, change: StoredChange | undefined, { scheduler, basis }: { scheduler: BuildingScheduler; basis: BuildsetBasis }): SourceStampData {
  if (change) return { codebase, repository: change.repository, project: change.project, branch: change.branch, revision: change.revision }
  const { repository = '', branch = null, revision = null } = { ...scheduler.codebases[codebase], ...basis.lastPlaces?.[codebase] }
  return { codebase, repository, project: '', branch, revision }
}

type Input = { sourcestamps: { [codebase: string]: SourceStampData }; changes: Json[]; files: string[] }

/** What the scheduler's functions are given, beside the properties. */
function inputOf(sourcestamps: SourceStampData[], changes: StoredChange[]): Input {
  return { sourcestamps: byCodebase(sourcestamps), changes, files: [...new Set(changes.flatMap(change => change.files))].sort() }
}

const byCodebase = (sourcestamps: SourceStampData[]) => Object.fromEntries(sourcestamps.map(stamp => [stamp.codebase, stamp]))
const valuesOf = (properties: Properties): { [name: string]: Json } => Object.fromEntries(Object.entries(properties).map(([name, [value]]) => [name, value]))

/** Secrets are resolved where they are used, and a buildset's rows are no such place. */
function contextOf(sourcestamps: SourceStampData[], properties: Properties, call: RenderContext['call']): RenderContext {
  const secret = (name: string): never => { throw new Error(`the secret '${name}' cannot be used in a scheduler: its buildsets are stored`) }
  return { properties, sourcestamps: byCodebase(sourcestamps), call, secret }
}
