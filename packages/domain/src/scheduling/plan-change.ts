import type { ChangeData } from '../change.js'
import type { BuilderConfig, Configuration } from '../configuration.js'
import { labelsText } from '../labels.js'
import type { SourceStampData } from '../source-stamp.js'
import type { Properties } from '../properties.js'
import type { BuildingScheduler, DependentScheduler, SchedulerConfig } from '../scheduler-config.js'
import { considerChange, consumesChanges } from './consider-change.js'
import { planBuildset, type PlanningCalls, type StoredChange } from './plan-buildset.js'
import { silenceText } from './silence-text.js'

/** A builder that would be asked, and what could run its build as the configuration says. */
export type PlannedBuilder = {
  name: string
  /** Those of the buildset and its own, as a build would begin with them. */
  properties: Properties
  /** Named in the configuration. */
  workers: string[]
  /** Of workers that serve it by their labels: `os=linux`; null: it is served by name only. */
  labels: string | null
}

export type SchedulerPlan = {
  scheduler: string
  kind: SchedulerConfig['kind']
  /** builds: at once. waits: for a stable tree or for its next tick. silent: does nothing. failed: its own functions say neither. */
  outcome: 'builds' | 'waits' | 'silent' | 'failed'
  /** Why, as the end of a sentence that begins with its name. */
  why: string
  buildset: { reason: string; priority: number; sourcestamps: SourceStampData[]; builders: PlannedBuilder[] } | null
}

export type PlanChangeCalls = Omit<PlanningCalls, 'hasBuilder'> & {
  /** Whether a scheduler of that name is enabled. */
  enabled(name: string): boolean
}

/** What each scheduler of a configuration would make of a change, and why; nothing is written or built. Users' functions are asked as they are when it is real. */
export async function planChange(configuration: Configuration, change: StoredChange, calls: PlanChangeCalls): Promise<SchedulerPlan[]> {
  const plans = await Promise.all(configuration.schedulers.map(scheduler => planOf(configuration, scheduler, { change, calls })))
  return withFollowers(configuration, plans, { change, calls })
}

/** Those that depend on a scheduler that builds will build the same; and those that depend on them. */
async function withFollowers(configuration: Configuration, plans: SchedulerPlan[], asking: Asking): Promise<SchedulerPlan[]> {
  const known = new Map(plans.map(plan => [plan.scheduler, plan]))
  const asked = new Set<string>()
  for (let found = true; found;) {
    found = false
    for (const scheduler of configuration.schedulers) {
      const upstream = scheduler.kind === 'dependent' ? known.get(scheduler.upstream) : undefined
      if (scheduler.kind !== 'dependent' || asked.has(scheduler.name) || !upstream?.buildset || !asking.calls.enabled(scheduler.name)) continue
      asked.add(scheduler.name)
      known.set(scheduler.name, await followerOf(configuration, { scheduler, sourcestamps: upstream.buildset.sourcestamps }, asking))
      found = true
    }
  }
  return plans.map(plan => known.get(plan.scheduler)!)
}

async function followerOf(configuration: Configuration, { scheduler, sourcestamps }: { scheduler: DependentScheduler; sourcestamps: SourceStampData[] }, asking: Asking): Promise<SchedulerPlan> {
  const plan = { scheduler: scheduler.name, kind: scheduler.kind, outcome: 'waits', why: `builds the same once '${scheduler.upstream}' has built it well` } as const
  try {
    const buildset = await buildsetOf(configuration, scheduler, { ...asking, sourcestamps })
    return buildset === null ? { ...plan, outcome: 'silent', why: NO_BUILDERS, buildset } : { ...plan, buildset }
  } catch (error) {
    return { ...plan, outcome: 'failed', why: `cannot say what to build: ${messageOf(error)}`, buildset: null }
  }
}

type Asking = { change: StoredChange; calls: PlanChangeCalls; /** As they are, whatever the change says. */ sourcestamps?: SourceStampData[] | null }

async function planOf(configuration: Configuration, scheduler: SchedulerConfig, { change, calls }: Asking): Promise<SchedulerPlan> {
  const plan = (outcome: SchedulerPlan['outcome'], why: string, buildset: SchedulerPlan['buildset'] = null): SchedulerPlan => ({ scheduler: scheduler.name, kind: scheduler.kind, outcome, why, buildset })
  if (!calls.enabled(scheduler.name)) return plan('silent', silenceText({ kind: 'disabled' }, scheduler))
  const failures: string[] = []
  const verdict = await considerChange(scheduler, change, { call: calls.call, onFailure: (error, what) => { failures.push(`${what} (${messageOf(error)})`) } })
  const remarks = failures.map(failure => `; ${failure}`).join('')
  if (verdict.kind === 'silent' || !consumesChanges(scheduler)) return plan('silent', verdict.kind === 'silent' ? silenceText(verdict.why, scheduler) : '')
  if (verdict.kind === 'waits' && !verdict.important) return plan('silent', 'keeps it until an important change comes: alone it starts nothing')
  const why = `${verdict.kind === 'waits' ? waitText(verdict) : 'builds it at once'}${remarks}`
  try {
    const buildset = await buildsetOf(configuration, scheduler, { change, calls })
    return buildset === null ? plan('silent', NO_BUILDERS) : plan(verdict.kind, why, buildset)
  } catch (error) {
    return plan('failed', `cannot say what to build: ${messageOf(error)}`)
  }
}

async function buildsetOf(configuration: Configuration, scheduler: BuildingScheduler, { change, calls, sourcestamps: given = null }: Asking): Promise<SchedulerPlan['buildset']> {
  const builders = new Map(configuration.builders.map(builder => [builder.name, builder]))
  const asked = await planBuildset(scheduler, { changes: [change], sourcestamps: given }, { ...calls, hasBuilder: name => builders.has(name) })
  if (asked === null) return null
  const { reason, priority, sourcestamps } = asked
  return { reason, priority, sourcestamps, builders: asked.builderNames.flatMap(name => builders.get(name) ?? []).map(builder => plannedBuilder(builder, asked.properties)) }
}

/** A request's properties win over the builder's defaults, and its own over the request's. */
function plannedBuilder({ name, properties, defaultProperties, workers, workerLabels }: BuilderConfig, asked: Properties): PlannedBuilder {
  const own = (values: BuilderConfig['properties']): Properties => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, [value, 'Builder']]))
  return { name, properties: { ...own(defaultProperties), ...asked, ...own(properties) }, workers, labels: workerLabels === null ? null : labelsText(workerLabels) }
}

const waitText = ({ seconds }: { seconds: number | null }): string => (seconds === null ? 'builds it at its next tick' : `builds it once its tree has been quiet for ${seconds} s`)

const NO_BUILDERS = 'its builders function names none for this change'
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A change that nobody has made, with what is not said of it. */
export function imaginedChange(given: Partial<ChangeData>): StoredChange {
  return {
    id: 0, author: 'nobody', comments: '', files: [], revision: null, when: 0, project: '', codebase: '', repository: '', category: null, branch: null, properties: {}, ...given,
  }
}
