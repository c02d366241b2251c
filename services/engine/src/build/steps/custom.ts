import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { Fact } from '@yardmaster/db'
import type { CommandOutcome, CustomStep, FileArgs, FileOutcome, Json, Result, StepEffect, StepEffectOutcome } from '@yardmaster/domain'
import { ThreadReplaced } from '@yardmaster/replica'
import type { CommandSpec } from '@yardmaster/worker-protocol'
import { performHttp } from '../effects/http.js'
import { beginOnce, endOnce } from '../effects/once.js'
import { effectEnded, effectStarted, type EffectId } from '../effects/record.js'
import { buildDataSet, testsTold } from '../effects/results.js'
import { awaitTriggered, performTrigger } from '../effects/trigger.js'
import { performUpload } from '../effects/upload.js'
import { NotReplayable } from '../journal.js'
import type { StepContext } from '../step-context.js'
import { shellSpec } from './shell-spec.js'

/** For a function to ask again for all that it asked for before its engine was lost: as long as it may take between two effects. */
const ASKED_AGAIN_MS = 10 * 60_000

type EffectOf<Kind extends StepEffect['kind']> = Extract<StepEffect, { kind: Kind }>

/** The user's `async ctx => …`, in its thread; its effects are numbered there and performed here. */
export async function runCustom(context: StepContext, config: CustomStep): Promise<Result> {
  restoreProperties(context)
  const { threads } = context.run.data.generation
  const input = { ...context.run.view(), step: { name: config.name, number: context.data.number } }
  const underWay = new Set<Promise<StepEffectOutcome>>()
  const performing = (effect: StepEffect) => {
    const outcome = perform(context, effect)
    const ended = () => underWay.delete(outcome)
    underWay.add(outcome)
    outcome.then(ended, ended)
    return outcome
  }
  try {
    return await threads.runStep(config.run, input, performing, context.signal)
  } catch (error) {
    if (error instanceof ThreadReplaced && !error.suspect && context.run.mayReplay) {
      // A replay finds its commands again, but of a request that was given up nobody knows.
      await Promise.allSettled(context.requests)
      throw error
    }
    // What the function began and did not wait for must not run beside the next step.
    context.fail(asError(error))
    await Promise.allSettled(underWay)
    throw error
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/**
 * The function runs again from its start, and must see the properties as it saw them then:
 * what it has set itself is taken back, newest first, and set again as the replay comes to it.
 */
function restoreProperties(context: StepContext): void {
  for (const entry of context.journal.ended('property')) {
    const { name, previous } = entry.outcome as { name: string; previous: [Json, string] | null }
    const { [name]: _, ...others } = context.run.properties
    context.run.properties = previous === null ? others : { ...others, [name]: previous }
  }
}

async function perform(context: StepContext, effect: StepEffect): Promise<StepEffectOutcome> {
  // The user's function may catch a failure; the step must not go on as if nothing had been.
  if (context.failure) throw context.failure
  try {
    // Before anything is waited for: which secrets are known by now is the same in a replay only here.
    const id = { n: effect.n, kind: effect.kind, fingerprint: fingerprintOf(context, effect) }
    const outcome = await performEffect(context, id, effect)
    if (effect.kind !== 'once' || (outcome as { known: Json }).known !== null) await inTurn(context, effect)
    return outcome
  } catch (error) {
    context.fail(asError(error))
    throw error
  }
}

/** Outcomes reach the function in the order in which they were recorded. */
async function inTurn(context: StepContext, { n }: StepEffect): Promise<void> {
  let cancel = (): void => undefined
  const late = new Promise<never>((_, reject) => {
    cancel = context.run.parts.clock.setTimeout(() => reject(new NotReplayable(`not replayable: what came before effect ${n} was not asked for again`)), ASKED_AGAIN_MS)
  })
  await Promise.race([context.journal.turn(n), late]).finally(cancel)
}

async function performEffect(context: StepContext, id: EffectId, effect: StepEffect): Promise<StepEffectOutcome> {
  const { clock, random } = context.run.parts
  switch (effect.kind) {
    case 'command': return command(context, id, effect)
    case 'file': return file(context, id, effect.args)
    case 'upload': return performUpload(context, id, effect.args)
    case 'http': return performHttp(context, id, effect.args)
    case 'once': return beginOnce(context, id, effect.args)
    case 'onceEnded': return endOnce(context, id.n, effect.args)
    case 'trigger': return performTrigger(context, id, effect.args)
    case 'triggerEnded': return awaitTriggered(context, id, effect.args.buildsets)
    case 'secret': return secret(context, id, effect)
    case 'time': return chosen(context, id, clock.now()) as Promise<number>
    case 'random': return chosen(context, id, random.float()) as Promise<number>
    case 'log': return told(context, id, null, () => appendText(context, effect.args))
    case 'property': return setProperty(context, id, effect)
    case 'url': return told(context, id, null, () => Promise.resolve([context.addUrl(effect.args.name, effect.args.url)]))
    case 'buildData': return told(context, id, null, () => Promise.resolve([buildDataSet(context, effect.args)]))
    case 'testResultSet': return told(context, id, null, () => Promise.resolve([testsTold(context, effect.args)]))
    case 'summary': {
      context.summary = effect.args.step ?? context.summary
      context.run.summary = effect.args.build ?? context.run.summary
      // Of a step that is done by then, a replay knows only the outcome.
      return told(context, id, effect.args.build ?? null, () => Promise.resolve([]))
    }
  }
}

async function command(context: StepContext, { n, fingerprint }: EffectId, { args }: EffectOf<'command'>): Promise<CommandOutcome> {
  const spec = await shellSpec(context, args)
  const { rc, failureReason, stdout, stderr } = await context.command(spec, { n, fingerprint, log: args.log, capture: true })
  return { ok: rc === 0, rc, stdout, stderr, failureReason }
}

async function file(context: StepContext, { n, fingerprint }: EffectId, args: FileArgs): Promise<FileOutcome> {
  const { rc, result } = await context.command(fileSpec(context.run.data.builder.builddir, args), { n, fingerprint, effectKind: 'file' })
  return { rc, result }
}

function fileSpec(builddir: string, args: FileArgs): CommandSpec {
  const below = (path: string) => posix.join(builddir, path)
  switch (args.do) {
    case 'mkdir': case 'rmdir': return { kind: args.do, args: { paths: args.paths.map(below) } }
    case 'removeFile': return { kind: 'rmfile', args: { paths: args.paths.map(below) } }
    case 'stat': case 'listdir': case 'glob': return { kind: args.do, args: { path: below(args.path) } }
    case 'copy': return { kind: 'cpdir', args: { from: below(args.from), to: below(args.to) } }
  }
}

/** Its use is written down, not its value: whoever drives the build on has to mask it. */
async function secret(context: StepContext, id: EffectId, { args: { name } }: EffectOf<'secret'>): Promise<string> {
  const value = context.run.secret(name)
  if (value === undefined) throw new Error(`there is no secret named '${name}': no provider of this installation has it`)
  context.run.asked.add(name, value)
  await chosen(context, id, name)
  return value
}

async function setProperty(context: StepContext, id: EffectId, { args: { name, value, source } }: EffectOf<'property'>): Promise<null> {
  const previous = context.run.properties[name] ?? null
  const fact = context.setProperties({ [name]: [value, source] })
  return told(context, id, { name, previous }, () => Promise.resolve([fact]))
}

async function appendText(context: StepContext, { name, text }: { name: string; text: string }): Promise<Fact[]> {
  const log = await context.log(name)
  const lines = context.run.mask.text(text.replaceAll('\0', '\ufffd')).split('\n').slice(0, -1)
  const content = lines.map(line => `${log.type === 's' ? 'o' : ''}${line}\n`).join('')
  return [...log.open(), log.append(lines.length, Buffer.from(content))]
}

/** An effect that is a fact: it and its record are committed together, so it is there once whatever happens. */
async function told(context: StepContext, id: EffectId, outcome: Json, factsOf: () => Promise<Fact[]>): Promise<null> {
  if (context.journal.find(id.n, id.kind, id.fingerprint)) return null
  await context.run.write([...await factsOf(), effectStarted(context, id), effectEnded(context, id.n, outcome)])
  return null
}

/** An effect whose value is chosen here, once. */
async function chosen(context: StepContext, id: EffectId, value: Json): Promise<Json> {
  const entry = context.journal.find(id.n, id.kind, id.fingerprint)
  if (entry) return entry.outcome
  await context.run.write([effectStarted(context, id), effectEnded(context, id.n, value)])
  return value
}

/** Of what the function asked for. A secret may be rotated between two runs; the effect stays the same. */
function fingerprintOf({ run }: StepContext, { kind, args }: StepEffect): string {
  return createHash('sha256').update(JSON.stringify(run.asked.json([kind, args]))).digest('hex')
}
