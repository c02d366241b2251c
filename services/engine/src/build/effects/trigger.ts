import { onceReachable, type Fact, type NamedBuildset } from '@yardmaster/db'
import type { DeferredTrigger } from '@yardmaster/db/verbs/record-trigger'
import { isRecord, planBuildset, propertiesFrom, resultName, type BuildingScheduler, type ChildBuild, type Json, type NightlyTriggerableScheduler, type PlanningCalls, type Properties, type SourceStampData, type TriggerableScheduler, type TriggerArgs, type TriggeredBuildset } from '@yardmaster/domain'
import type { StepContext } from '../step-context.js'
import { effectEnded, effectStarted, type EffectId } from './record.js'

/** The effect `trigger`: buildsets, requests and the journal's entry are one transaction. */
export async function performTrigger(context: StepContext, id: EffectId, args: TriggerArgs): Promise<TriggeredBuildset[]> {
  const { run, journal, data, signal } = context
  const entry = journal.find(id.n, id.kind, id.fingerprint)
  if (!entry) {
    const { buildsets, deferred } = await askedBy(context, args)
    await checkSchedulers(context, [...buildsets, ...deferred])
    await checkBuilders(context, buildsets)
    signal.throwIfAborted()
    await run.write([effectStarted(context, id), { kind: 'effect-triggered', effect: { step: data.number, n: id.n }, position: journal.end(id.n), buildsets, deferred }])
  }
  const triggered = entry ? entry.outcome as TriggeredBuildset[] : await readOutcome(context, id.n)
  const urls = urlFacts(context, triggered.flatMap(({ scheduler, requests }) => requests.map(({ builder, request }) => (
    { name: `${scheduler ?? builder} #${request}`, path: `buildrequests/${request}` }))))
  if (urls.length > 0) await run.write(urls)
  return triggered
}

/** The effect `triggerEnded`. When the step is stopped, so are the builds that it waits for. */
export async function awaitTriggered(context: StepContext, id: EffectId, buildsets: number[]): Promise<ChildBuild[]> {
  const { run, journal, data, signal } = context
  const { children, locks, logger } = run.parts
  const entry = journal.find(id.n, id.kind, id.fingerprint)
  if (entry?.ended) return entry.outcome as ChildBuild[]
  if (!entry) await run.write([effectStarted(context, id)])
  const tell = (stateString: string) => { void run.write([{ kind: 'step-updated', step: { id: data.id, number: data.number }, stateString }]).catch(() => {}) }
  const builds = await locks.whileWaitingForChildren({ buildId: run.data.ref.id, signal, tell }, either => children.wait(buildsets, either)).catch((error: unknown) => {
    if (run.stopped) children.cancel(buildsets).catch((failed: unknown) => logger.warn({ err: failed }, 'triggered builds cannot be cancelled now'))
    throw error
  })
  const urls = urlFacts(context, builds.flatMap(({ builder, builderid, number, results }) => (
    number === null ? [] : [{ name: `${resultName(results)}: ${builder} #${number}`, path: `builders/${builderid}/builds/${number}` }])))
  await run.write([...urls, effectEnded(context, id.n, builds)])
  return builds
}

type Asked = { buildsets: NamedBuildset[]; /** Of nightlyTriggerable schedulers: for their next tick. */ deferred: DeferredTrigger[] }

async function askedBy(context: StepContext, args: TriggerArgs): Promise<Asked> {
  const { run, config } = context
  const { data, properties } = run
  const { sourcestamps, reason } = args
  const stamps = sourcestamps?.map(stamp => withOwnPatch(stampOf(stamp), stamp.patch, Object.values(data.sourcestamps))) ?? (args.alwaysUseLatest ? [] : ofBuild(Object.values(data.sourcestamps), args.updateSourceStamp ? properties : {}))
  const own = propertiesFrom(run.mask.json(args.properties) as { [name: string]: Json }, 'Trigger')
  const parent = { parentBuildId: data.ref.id, parentRelationship: 'Triggered from' }
  const common = { ...parent, actor: 'system:trigger', generationId: data.generation.id, waitedFor: args.waitForFinish }
  if (args.schedulers === null) {
    const why = reason ?? `step '${config.name}' of ${data.builder.name} #${data.ref.number} triggered this build`
    return { deferred: [], buildsets: [{ ...common, scheduler: null, builderNames: args.builders, properties: own, priority: args.priority ?? 0, reason: run.mask.text(why),
      sourcestamps: stamps.length > 0 ? stamps : [stampOf({ codebase: '' })] }] }
  }
  const schedulers = args.schedulers.map(name => triggered(context, name))
  const stampsOf = (scheduler: BuildingScheduler) => Object.entries(scheduler.codebases).map(([codebase, otherwise]) => stamps.find(stamp => stamp.codebase === codebase) ?? stampOf({ codebase, ...otherwise }))
  const buildsets = await Promise.all(schedulers.filter(scheduler => scheduler.kind === 'triggerable').map(async scheduler => {
    const asked = await planBuildset({ ...scheduler, priority: args.priority ?? scheduler.priority, reason: reason ?? scheduler.reason }, { changes: [], properties: own, sourcestamps: stampsOf(scheduler) }, planningCalls(context))
    return asked && { ...common, ...asked, reason: run.mask.text(asked.reason) }
  }))
  const deferred = schedulers.filter(scheduler => scheduler.kind === 'nightlyTriggerable').map(scheduler => ({ ...parent, scheduler: scheduler.name, sourcestamps: stampsOf(scheduler), properties: own }))
  return { buildsets: buildsets.filter(asked => asked !== null), deferred }
}

/** Whether its builders are there is checked afterwards, of all at once. */
function planningCalls({ run, signal }: StepContext): PlanningCalls {
  const { threads } = run.data.generation
  return { call: (fn, input) => threads.call(fn, { args: input }), callPatiently: (fn, input) => threads.callPatiently(fn, { args: input }, signal), hasBuilder: () => true }
}

/** As the build's own generation has it. */
function triggered(context: StepContext, name: string): TriggerableScheduler | NightlyTriggerableScheduler {
  const all = context.run.data.generation.configuration.schedulers.filter(scheduler => scheduler.kind === 'triggerable' || scheduler.kind === 'nightlyTriggerable')
  const found = all.find(scheduler => scheduler.name === name)
  if (!found) throw new Error(`there is no triggerable scheduler '${name}'${all.length > 0 ? `; there are ${all.map(scheduler => scheduler.name).join(', ')}` : ''}`)
  return found
}

function stampOf({ codebase, repository = '', project = '', branch = null, revision = null }: Partial<SourceStampData> & { codebase: string }): SourceStampData {
  return { codebase, repository, project, branch, revision }
}

/** A patch of the build goes along where its sourcestamp is passed on; no other is known by its number. */
function withOwnPatch(stamp: SourceStampData, given: SourceStampData['patch'], own: readonly SourceStampData[]): SourceStampData {
  const patch = given && 'id' in given ? own.map(other => other.patch).find(other => other && 'id' in other && other.id === given.id) : null
  return patch ? { ...stamp, patch } : stamp
}

/** What the build builds, at the revision that it has got: one for all codebases, or one for each. */
function ofBuild(stamps: SourceStampData[], properties: Properties): SourceStampData[] {
  const got = properties['got_revision']?.[0] ?? null
  return stamps.map(stamp => {
    const revision = isRecord(got) ? got[stamp.codebase] : stamp.codebase === '' || stamps.length === 1 ? got : null
    return typeof revision === 'string' ? { ...stamp, revision } : stamp
  })
}

/** One that somebody has disabled builds nothing, as when it is forced. */
async function checkSchedulers({ run }: StepContext, buildsets: { scheduler: string | null }[]): Promise<void> {
  const names = buildsets.flatMap(({ scheduler }) => scheduler ?? [])
  if (names.length === 0) return
  const { rows } = await onceReachable(run.parts.clock, () => run.parts.db.pool.query<{ name: string }>('SELECT name FROM schedulers WHERE NOT enabled AND name = ANY($1) ORDER BY name', [names]))
  if (rows[0]) throw new Error(`the scheduler '${rows[0].name}' is disabled: enable it first`)
}

/** Before the transaction: an unknown builder is the step's mistake, and fails it with the reason. */
async function checkBuilders({ run }: StepContext, buildsets: NamedBuildset[]): Promise<void> {
  const names = [...new Set(buildsets.flatMap(buildset => buildset.builderNames))]
  const { rows } = await onceReachable(run.parts.clock, () => run.parts.db.pool.query<{ name: string }>('SELECT name FROM builders WHERE active AND name = ANY($1)', [names]))
  const missing = names.filter(name => !rows.some(row => row.name === name))
  if (missing.length > 0) throw new Error(`the active configuration has no builder ${missing.map(name => `'${name}'`).join(', ')}`)
}

async function readOutcome({ run, data }: StepContext, n: number): Promise<TriggeredBuildset[]> {
  const { rows } = await onceReachable(run.parts.clock, () => run.parts.db.pool.query<{ outcome: string }>(
    `SELECT outcome #>> '{}' AS outcome FROM effects WHERE build_id = $1 AND step_number = $2 AND n = $3`, [run.data.ref.id, data.number, n]))
  return JSON.parse(rows[0]!.outcome) as TriggeredBuildset[]
}

/** Of those that the step does not have already, from before a replay. */
function urlFacts(context: StepContext, urls: { name: string; path: string }[]): Fact[] {
  return urls.filter(({ name }) => !context.hasUrl(name)).map(({ name, path }) => context.addUrl(name, `${context.run.parts.baseUrl}${path}`))
}
