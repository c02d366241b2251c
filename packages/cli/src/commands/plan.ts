import { imaginedChange, planChange, propertiesFrom, toText, type Configuration } from '@yardmaster/domain'
import { planRequest, type PlanBody, type PlannedScheduler } from '@yardmaster/rest'
import { Option, type Command } from 'commander'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Context } from '../context.js'
import { messageOf, Problem } from '../problem.js'
import { paintFor, type Paint } from '../render.js'
import { checkFile } from '../up/preflight.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

type Options = RemoteOptions & {
  change?: string; config?: string; all?: boolean; properties?: boolean; property?: string[]
  branch?: string; files?: string; repository?: string; project?: string; codebase?: string; category?: string; author?: string; comments?: string; revision?: string
}

const collect = (value: string, before: string[] = []): string[] => [...before, value]

export function addPlan(program: Command, context: Context, finish: (code: number) => void): void {
  withRemote(program.command('plan').description('tell which schedulers a change would make build what, and which stay silent and why; nothing is built'))
    .option('-c, --config <file>', 'ask this configuration file instead of a running Yardmaster')
    .option('--change <file>', 'the change as JSON, as /api/v2/changes gives it; - for standard input')
    .option('--branch <name>', 'its branch')
    .option('--files <names>', 'its files, with commas between them')
    .option('--repository <url>', 'its repository').option('--project <name>', 'its project').option('--codebase <name>', 'its codebase').option('--category <name>', 'its category')
    .option('--author <who>', 'its author').option('--comments <text>', 'its message').option('--revision <id>', 'its revision')
    .addOption(new Option('--property <name=value>', 'a property of it; may be said several times').argParser(collect))
    .option('--properties', 'show the properties that each build begins with')
    .addHelpText('after', '\nExamples:\n  $ yard plan --branch main --files src/a.c,README.md\n  $ yard plan --config new.config.ts --change change.json\n  $ curl -s localhost:8010/api/v2/changes/4711 | yard plan --change -\n')
    .action(async (options: Options) => {
      const body = { ...fromFile(options.change), ...fromFlags(options) }
      const plans = options.config === undefined ? await remoteFor(options, context).yard(client => client.plan(body)) : await locally(options.config, body, context)
      if (options.json) context.print(JSON.stringify({ change: body, schedulers: plans }))
      else for (const line of planLines(plans, { paint: paintFor(context.colours), properties: options.properties === true })) context.print(line)
      finish(plans.some(plan => plan.outcome === 'failed') ? 1 : 0)
    })
}

/** A change as REST tells it has more than a plan needs, and its properties with their sources. */
const told = z.looseObject({ properties: z.record(z.string(), z.union([z.tuple([z.json(), z.string()]), z.json()])).optional(), sourcestamp: z.looseObject({}).optional() })
const asked = z.union([z.object({ changes: z.array(told).length(1) }).transform(({ changes }) => changes[0]!), told])

function fromFile(file: string | undefined): PlanBody {
  if (file === undefined) return {}
  const where = file === '-' ? 'standard input' : file
  try {
    const { properties = {}, sourcestamp, ...change } = asked.parse(JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8')))
    const known = Object.entries({ ...sourcestamp, ...change }).filter(([name]) => Object.hasOwn(planRequest.shape, name) && name !== 'properties')
    const values = Object.entries(properties).map(([name, value]) => [name, isSourced(value) ? value[0] : value])
    return planRequest.parse({ ...Object.fromEntries(known.map(([name, value]) => [name === 'when_timestamp' ? 'when' : name, value])), properties: Object.fromEntries(values) })
  } catch (error) {
    throw new Problem(`the change in ${where} cannot be read: ${error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)}`, { cause: error })
  }
}

const isSourced = (value: unknown): value is [PlanBody['properties'], string] => Array.isArray(value) && value.length === 2 && typeof value[1] === 'string'

function fromFlags({ branch, files, repository, project, codebase, category, author, comments, revision, property = [] }: Options): PlanBody {
  const given = { branch, files: files?.split(',').map(name => name.trim()).filter(name => name !== ''), repository, project, codebase, category, author, comments, revision }
  const pairs = property.map(pair => {
    const at = pair.indexOf('=')
    if (at < 1) throw new Problem(`--property ${pair}: expected name=value`)
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
  return { ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)), ...(pairs.length > 0 ? { properties: Object.fromEntries(pairs) } : {}) }
}

async function locally(file: string, body: PlanBody, context: Context): Promise<PlannedScheduler[]> {
  const { configuration, code, text } = await checkFile(file, context.clock)
  if (configuration === null) throw new Problem(text)
  if (text !== '') context.warn(text)
  const { ConfigurationThreads: Threads } = await import('@yardmaster/config/host')
  const threads = new Threads({ bundle: code, clock: context.clock })
  try {
    const { properties = {}, ...given } = body
    const change = imaginedChange({ ...definedOf(given), properties: propertiesFrom(properties, 'Change') })
    const plans = await planChange(configuration, change, {
      enabled: () => true, call: (fn, args) => threads.call(fn, { args }), callPatiently: (fn, args) => threads.callPatiently(fn, { args }, new AbortController().signal),
    })
    return plans.map(plan => ({ ...plan, buildset: plan.buildset && { ...plan.buildset, builders: plan.buildset.builders.map(builder => ({ ...builder, workers: served(configuration, builder), connected: null })) } }))
  } finally {
    threads.close()
  }
}

/** Of those that are named, with those that the configuration gives the labels. */
function served({ builders, workers }: Configuration, { name, workers: named }: { name: string; workers: string[] }): string[] {
  const wanted = builders.find(builder => builder.name === name)?.workerLabels
  const labelled = wanted ? workers.filter(worker => Object.entries(wanted).every(([label, values]) => values.includes(worker.labels[label] ?? ''))).map(worker => worker.name) : []
  return [...new Set([...named, ...labelled])]
}

const definedOf = <T extends object>(given: T): Partial<{ [Key in keyof T]: NonNullable<T[Key]> }> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null)) as Partial<{ [Key in keyof T]: NonNullable<T[Key]> }>

function planLines(plans: PlannedScheduler[], { paint, properties }: { paint: Paint; properties: boolean }): string[] {
  const order = ['builds', 'waits', 'failed', 'silent']
  const colours = { builds: paint.green, waits: paint.cyan, failed: paint.red, silent: paint.dim }
  const sorted = plans.toSorted((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome))
  const lines = sorted.flatMap(plan => [
    `${colours[plan.outcome](plan.outcome.padEnd(6))}  ${paint.bold(plan.scheduler)} ${plan.why}`,
    ...(plan.buildset === null ? [] : buildsetLines(plan.buildset, { paint, properties })),
  ])
  return lines.length > 0 ? lines : ['there are no schedulers']
}

function buildsetLines({ reason, priority, sourcestamps, builders }: NonNullable<PlannedScheduler['buildset']>, { paint, properties }: { paint: Paint; properties: boolean }): string[] {
  const places = sourcestamps.map(({ codebase, repository, branch, revision }) => [codebase, repository, branch ?? 'default branch', revision ?? 'newest'].filter(text => text !== '').join(' '))
  return [
    `        ${paint.dim(`${reason}${priority === 0 ? '' : `; priority ${priority}`}; ${places.join(', ')}`)}`,
    ...builders.flatMap(builder => [
      `        ${builder.name}  ${paint.dim(placeText(builder))}`,
      ...(properties ? Object.entries(builder.properties).map(([name, [value, source]]) => `            ${paint.dim(`${name} = ${toText(value)} (${source})`)}`) : []),
    ]),
  ]
}

const MOST_NAMES = 5

/** Where it could run: `on 2 of 7 workers that are connected: a, b`. */
function placeText({ workers, labels, connected }: NonNullable<PlannedScheduler['buildset']>['builders'][number]): string {
  const names = (all: string[]): string => `${all.slice(0, MOST_NAMES).join(', ')}${all.length > MOST_NAMES ? ` and ${all.length - MOST_NAMES} more` : ''}`
  const wanted = [workers.length > 0 ? names(workers) : '', labels === null ? '' : `workers with ${labels}`].filter(text => text !== '').join('; ')
  if (connected === null) return `on ${wanted}`
  return connected.length === 0 ? `on ${wanted}: none is connected now` : `on ${names(connected)}, connected now`
}
