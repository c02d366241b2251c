import { FAILURE, propertiesFrom, SUCCESS, type Json, type Result, type SetPropertyFromCommandStep } from '@yardmaster/domain'
import { describeCommand } from '../describe.js'
import type { StepContext } from '../step-context.js'
import { noteTimeout } from './shell.js'
import { shellSpec } from './shell-spec.js'

export async function runSetPropertyFromCommand(context: StepContext, config: SetPropertyFromCommandStep): Promise<Result> {
  const spec = await shellSpec(context, config)
  context.commandText = describeCommand(spec.args.argv ?? spec.args.command ?? null)
  const outcome = await context.command(spec, { capture: true })
  noteTimeout(context, outcome)
  const values = await extracted(context, config, outcome)
  if (Object.keys(values).length > 0) {
    const log = await context.log('property changes')
    const changes = Object.entries(values).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    const text = Buffer.from(context.run.mask.text(changes.join('')))
    context.atEnd([...log.open(), log.append(changes.length, text), context.setProperties(propertiesFrom(values, config.name))])
    if (config.property !== null) context.commandText = `property '${config.property}' set`
    else context.commandText = `${Object.keys(values).length} properties set`
  }
  return outcome.rc === 0 ? SUCCESS : FAILURE
}

async function extracted(context: StepContext, config: SetPropertyFromCommandStep, outcome: { rc: number; stdout: string; stderr: string }): Promise<{ [name: string]: Json }> {
  if (config.extract) {
    const answer = await context.call(config.extract, [outcome.rc, outcome.stdout, outcome.stderr])
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw new Error(`extract returned ${JSON.stringify(answer)}, but must return an object of properties`)
    return answer
  }
  if (config.property === null || outcome.rc !== 0) return {}
  return { [config.property]: config.strip ? outcome.stdout.trim() : outcome.stdout }
}
