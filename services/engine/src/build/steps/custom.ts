import { createHash } from 'node:crypto'
import type { Fact } from '@yardmaster/db'
import type { CommandOutcome, CustomStep, Json, Result, StepEffect, StepEffectOutcome } from '@yardmaster/domain'
import type { StepContext } from '../step-context.js'
import { shellSpec } from './shell-spec.js'

/** The user's `async ctx => …`, in its thread; its effects are numbered there and performed here. */
export async function runCustom(context: StepContext, config: CustomStep): Promise<Result> {
  restoreProperties(context)
  const { threads } = context.run.data.generation
  const input = { ...context.run.view(), step: { name: config.name, number: context.data.number } }
  return threads.runStep(config.run, input, effect => perform(context, effect), context.signal)
}

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
  try {
    return await performEffect(context, effect)
  } catch (error) {
    // The user's function may catch it; the step must not go on as if nothing had been.
    context.failure ??= error instanceof Error ? error : new Error(String(error))
    throw error
  }
}

async function performEffect(context: StepContext, effect: StepEffect): Promise<StepEffectOutcome> {
  const { clock, random } = context.run.parts
  switch (effect.kind) {
    case 'command': return command(context, effect)
    case 'secret': return secret(context, effect)
    case 'time': return once(context, effect, clock.now()) as Promise<number>
    case 'random': return once(context, effect, random.float()) as Promise<number>
    case 'log': return told(context, effect, null, () => appendText(context, effect.args))
    case 'property': return setProperty(context, effect)
    case 'url': return told(context, effect, null, () => Promise.resolve([context.addUrl(effect.args.name, effect.args.url)]))
    case 'summary': {
      context.summary = effect.args.step ?? context.summary
      context.run.summary = effect.args.build ?? context.run.summary
      return null
    }
  }
}

async function command(context: StepContext, { n, args }: Extract<StepEffect, { kind: 'command' }>): Promise<CommandOutcome> {
  const spec = await shellSpec(context, args)
  const { rc, failureReason, stdout, stderr } = await context.command(spec, { n, log: args.log, capture: true })
  return { ok: rc === 0, rc, stdout, stderr, failureReason }
}

/** Its use is written down, not its value: whoever drives the build on has to mask it. */
async function secret(context: StepContext, effect: Extract<StepEffect, { kind: 'secret' }>): Promise<string> {
  const { name } = effect.args
  const value = context.run.secret(name)
  if (value === undefined) throw new Error(`there is no secret named '${name}': no provider of this installation has it`)
  await once(context, effect, name)
  return value
}

async function setProperty(context: StepContext, effect: Extract<StepEffect, { kind: 'property' }>): Promise<null> {
  const { name, value, source } = effect.args
  const previous = context.run.properties[name] ?? null
  const fact = context.setProperties({ [name]: [value, source] })
  return told(context, effect, { name, previous }, () => Promise.resolve([fact]))
}

async function appendText(context: StepContext, { name, text }: { name: string; text: string }): Promise<Fact[]> {
  const log = await context.log(name)
  const lines = context.run.mask.text(text.replaceAll('\0', '\ufffd')).split('\n').slice(0, -1)
  const content = lines.map(line => `${log.type === 's' ? 'o' : ''}${line}\n`).join('')
  return [...log.open(), log.append(lines.length, Buffer.from(content))]
}

/** An effect that is a fact: it and its record are committed together, so it is there once whatever happens. */
async function told(context: StepContext, effect: StepEffect, outcome: Json, factsOf: () => Promise<Fact[]>): Promise<null> {
  const print = fingerprintOf(context, effect)
  if (context.journal.find(effect.n, effect.kind, print)) return null
  await context.run.write([...await factsOf(), ...record(context, effect, print, outcome)])
  return null
}

/** An effect whose value is chosen here, once. */
async function once(context: StepContext, effect: StepEffect, value: Json): Promise<Json> {
  const print = fingerprintOf(context, effect)
  const entry = context.journal.find(effect.n, effect.kind, print)
  if (entry) return entry.outcome
  await context.run.write(record(context, effect, print, value))
  return value
}

function record(context: StepContext, { n, kind }: StepEffect, fingerprint: string, outcome: Json): Fact[] {
  const effect = { step: context.data.number, n }
  return [{ kind: 'effect-started', effect, effectKind: kind, fingerprint, firstLine: 0 }, { kind: 'effect-ended', effect, outcome }]
}

/** A secret may be rotated between two runs; the effect stays the same. */
function fingerprintOf({ run }: StepContext, { kind, args }: StepEffect): string {
  return createHash('sha256').update(JSON.stringify(run.mask.json([kind, args]))).digest('hex')
}
