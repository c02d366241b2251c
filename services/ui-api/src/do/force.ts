import type { Transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { askingFields, reservedForceFields, validateForce, type ForceScheduler, type ForceValues } from '@yardmaster/domain'
import { z } from 'zod'
import type { ActiveGeneration } from '../deps.js'
import { readArguments } from './arguments.js'
import { ControlError, controlCodes, invalidParams, notFound } from './control-error.js'
import type { Control } from './control.js'

const whichBuilders = z.object({
  builderid: z.coerce.number().int().nullish(),
  builderNames: z.union([z.string().transform(name => [name]), z.array(z.string())]).nullish(),
})
const formValues: z.ZodType<ForceValues> = z.record(z.string(), z.json())

const wrongFields = (fields: { [field: string]: string }) => new ControlError(400, controlCodes.invalidParams, Object.values(fields).join('; '), fields)

/** Somebody asks a force scheduler for builds: answers [buildset id, { builder id: request id }]. Needs no scheduler process. */
export const force: Control = async (tx, { deps: { activeGenerations }, params, args, actor }) => {
  const schedulerOf = ({ configuration }: ActiveGeneration) => configuration.schedulers.find((item): item is ForceScheduler => item.kind === 'force' && item.name === params.scheduler)
  const generation = activeGenerations().find(schedulerOf)
  const scheduler = generation && schedulerOf(generation)
  if (!scheduler) throw notFound(`the active configuration has no force scheduler '${params.scheduler ?? ''}'`)
  const which = readArguments(whichBuilders, args)
  const values = readArguments(formValues, Object.fromEntries(Object.entries(args).filter(([name]) => !reservedForceFields.includes(name))))
  const outcome = validateForce(scheduler, values, ownerOf(scheduler, values))
  if (!outcome.ok) throw wrongFields(outcome.errors)
  const { reason, properties, sourcestamps, priority } = outcome
  await checkEnabled(tx, scheduler)
  const added = await addBuildset(tx, {
    reason, sourcestamps, actor, scheduler: scheduler.name, generationId: generation.id, priority: priority || scheduler.priority,
    properties: { ...properties, scheduler: [scheduler.name, 'Scheduler'] }, builderNames: await buildersOf(tx, scheduler, which),
  })
  return [added.buildsetId, Object.fromEntries(added.requests.map(({ builderId, requestId }) => [String(builderId), requestId]))]
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

/** All of the scheduler's builders, unless some of them were named. */
async function buildersOf(tx: Transaction, scheduler: ForceScheduler, { builderid, builderNames }: z.infer<typeof whichBuilders>): Promise<string[]> {
  if (builderNames) {
    const foreign = builderNames.filter(name => !scheduler.builders.includes(name))
    if (foreign.length > 0 || builderNames.length === 0) throw wrongFields({ builderNames: `the scheduler '${scheduler.name}' cannot build ${foreign.map(name => `'${name}'`).join(', ') || 'nothing'}; it has: ${scheduler.builders.join(', ')}` })
    return builderNames
  }
  if (builderid === null || builderid === undefined) return scheduler.builders
  const [builder] = await tx.query<{ name: string }>('SELECT name FROM builders WHERE id = $1 AND active', [builderid])
  if (!builder || !scheduler.builders.includes(builder.name)) throw wrongFields({ builderid: `the scheduler '${scheduler.name}' cannot build builder ${builderid}; it has: ${scheduler.builders.join(', ')}` })
  return [builder.name]
}
