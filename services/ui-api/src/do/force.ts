import type { Database, Transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import {
  askingFields, chosenWorker, forcedSource, reservedForceFields, validateForce,
  type ForceScheduler, type ForceValues, type Inherited, type Json, type Properties, type SourceStampData,
} from '@yardmaster/domain'
import { z } from 'zod'
import type { ActiveGeneration } from '../deps.js'
import { readArguments } from './arguments.js'
import { ControlError, controlCodes, invalidParams, notFound } from './control-error.js'
import type { ControlRequest, PreparedControl } from './control.js'
import { resolveForm } from './resolve-form.js'

const whichBuilders = z.object({
  builderid: z.coerce.number().int().nullish(),
  builderNames: z.union([z.string().transform(name => [name]), z.array(z.string())]).nullish(),
})
const formValues: z.ZodType<ForceValues> = z.record(z.string(), z.json())
/** For the functions of the form to say what may be filled in. */
const PATIENCE_MS = 20_000

const wrongFields = (fields: { [field: string]: string }) => new ControlError(400, controlCodes.invalidParams, Object.values(fields).join('; '), fields)

/** Somebody asks a force scheduler for builds: answers [buildset id, { builder id: request id }]. Needs no scheduler process. */
export const force: PreparedControl = {
  async prepare(request) {
    const { deps, params, args, owner } = request
    const { generation, scheduler: configured } = forceScheduler(deps.activeGenerations(), params.scheduler ?? '')
    const values = readArguments(formValues, Object.fromEntries(Object.entries(args).filter(([name]) => !reservedForceFields.includes(name))))
    const builderNames = await buildersOf(deps.db, configured, readArguments(whichBuilders, args))
    const scheduler = await resolveForm(deps, { generation, scheduler: configured, builder: builderNames.length === 1 ? builderNames[0]! : null, values, filled: true, patienceMs: PATIENCE_MS })
    const outcome = validateForce(scheduler, values, owner ?? ownerOf(scheduler, values))
    if (!outcome.ok) throw wrongFields(outcome.errors)
    const { reason, priority, inherits } = outcome
    const properties = { ...outcome.properties, ...await inherited(deps.db, inherits) }
    await checkWorker(deps.db, builderNames, chosenWorker(properties))
    const sourcestamps = await createSourcestamps(generation, scheduler, outcome.sourcestamps, properties)
    return async (tx, { actor }) => {
      await checkEnabled(tx, scheduler)
      const added = await addBuildset(tx, {
        reason, sourcestamps, actor, scheduler: scheduler.name, generationId: generation.id, priority: priority || scheduler.priority,
        properties: { ...properties, scheduler: [scheduler.name, 'Scheduler'] }, builderNames,
      })
      return [added.buildsetId, Object.fromEntries(added.requests.map(({ builderId, requestId }) => [String(builderId), requestId]))]
    }
  },
}

/** By its name, with the generation that has it. Throws ControlError. */
export function forceScheduler(generations: readonly ActiveGeneration[], name: string): { generation: ActiveGeneration; scheduler: ForceScheduler } {
  for (const generation of generations) {
    const scheduler = generation.configuration.schedulers.find((item): item is ForceScheduler => item.kind === 'force' && item.name === name)
    if (scheduler) return { generation, scheduler }
  }
  throw notFound(`the active configuration has no force scheduler '${name}'`)
}

/** Who did not sign in is anonymous, unless the form insists on a name or was given one. */
function ownerOf(scheduler: ForceScheduler, values: ForceValues): string | null {
  const { username } = askingFields(scheduler)
  return username.required || values[username.fullName] ? null : 'anonymous'
}

async function checkEnabled(tx: Transaction, { name }: ForceScheduler): Promise<void> {
  const [row] = await tx.query<{ enabled: boolean }>('SELECT enabled FROM schedulers WHERE name = $1', [name])
  if (row?.enabled === false) throw invalidParams(`the scheduler '${name}' is disabled: enable it first`)
}

/** Whose builders a force is asked of; undefined: it does not say so rightly, and will be refused. */
export async function forcedBuilderNames(deps: Pick<ControlRequest['deps'], 'db' | 'activeGenerations'>, scheduler: string, args: ControlRequest['args']): Promise<string[] | undefined> {
  try {
    return await buildersOf(deps.db, forceScheduler(deps.activeGenerations(), scheduler).scheduler, readArguments(whichBuilders, args))
  } catch (error) {
    if (error instanceof ControlError) return undefined
    throw error
  }
}

/** All of the scheduler's builders, unless some of them were named. */
async function buildersOf(db: Database, scheduler: ForceScheduler, { builderid, builderNames }: z.infer<typeof whichBuilders>): Promise<string[]> {
  if (builderNames) {
    // Those of others are left out, as in Buildbot.
    const own = scheduler.builders.filter(name => builderNames.includes(name)).sort()
    if (own.length === 0) throw wrongFields({ builderNames: `the scheduler '${scheduler.name}' cannot build ${builderNames.map(name => `'${name}'`).join(', ') || 'nothing'}; it has: ${scheduler.builders.join(', ')}` })
    return own
  }
  if (builderid === null || builderid === undefined) return scheduler.builders
  const { rows: [builder] } = await db.pool.query<{ name: string }>('SELECT name FROM builders WHERE id = $1 AND active', [builderid])
  if (!builder || !scheduler.builders.includes(builder.name)) throw wrongFields({ builderid: `the scheduler '${scheduler.name}' cannot build builder ${builderid}; it has: ${scheduler.builders.join(', ')}` })
  return [builder.name]
}

/** A builder that the chosen worker does not build for would wait for it for ever: its choices are those of all builders, and it may be another build's. */
async function checkWorker(db: Database, builderNames: readonly string[], worker: string | null): Promise<void> {
  if (worker === null) return
  const { rows: [without] } = await db.pool.query<{ name: string }>(
    `SELECT b.name FROM builders b WHERE b.active AND b.name = ANY($1)
       AND NOT EXISTS (SELECT 1 FROM builder_workers g JOIN workers w ON w.id = g.worker_id AND w.active WHERE g.builder_id = b.id AND w.name = $2) ORDER BY b.name LIMIT 1`, [builderNames, worker])
  if (without) throw wrongFields({ workername: `the builder '${without.name}' has no worker '${worker}'` })
}

/** What was filled in for other builds; whose they were is kept under another name, as Buildbot does. */
async function inherited(db: Database, inherits: readonly Inherited[]): Promise<Properties> {
  const properties: Properties = {}
  for (const { field, builder, number, text } of inherits) {
    const { rows: [row] } = await db.pool.query<{ properties: Properties | null }>(
      'SELECT (SELECT b.properties FROM builds b WHERE b.builder_id = d.id AND b.number = $2) AS properties FROM builders d WHERE d.name = $1 ORDER BY d.active DESC LIMIT 1', [builder, number])
    if (!row) throw wrongFields({ [field]: `unknown builder: ${builder} in ${text}` })
    if (!row.properties) throw wrongFields({ [field]: `unknown build: ${number} in ${text}` })
    for (const [name, [value, source]] of Object.entries(row.properties)) {
      if (source === forcedSource && name !== 'reason' && name !== field) properties[name === 'owner' ? 'orig_owner' : name] = [value, source]
    }
  }
  return properties
}

const madeStamp = z.strictObject({ branch: z.string().nullable(), revision: z.string().nullable(), repository: z.string(), project: z.string() }).partial()

async function createSourcestamps({ threads }: ActiveGeneration, { codebases }: ForceScheduler, stamps: SourceStampData[], properties: Properties): Promise<SourceStampData[]> {
  const values = Object.fromEntries(Object.entries(properties).map(([name, [value]]): [string, Json] => [name, value]))
  return Promise.all(stamps.map(async (stamp, at) => {
    const { sourcestampFn, fullName, codebase } = codebases[at]!
    if (!sourcestampFn) return stamp
    const { patch, ...sourcestamp } = stamp
    const made = await threads.callPatiently(sourcestampFn, { args: [{ sourcestamp, properties: values }] }, new AbortController().signal)
      .catch((error: unknown) => { throw wrongFields({ [fullName]: `createSourcestamp of codebase '${codebase ?? ''}' failed: ${error instanceof Error ? error.message : String(error)}` }) })
    const read = madeStamp.safeParse(made)
    if (!read.success) throw wrongFields({ [fullName]: `createSourcestamp of codebase '${codebase ?? ''}' answered ${JSON.stringify(made).slice(0, 200)}: expected { branch, revision, repository, project }` })
    const { branch = stamp.branch, revision = stamp.revision, repository = stamp.repository, project = stamp.project } = read.data
    return { ...stamp, branch, revision, repository, project, ...(patch ? { patch } : {}) }
  }))
}
