import { FAILURE, SUCCESS, type Result, type ShellStep } from '@yardmaster/domain'
import type { CommandResult } from '../command-effect.js'
import { describeCommand } from '../describe.js'
import type { StepContext } from '../step-context.js'
import { shellSpec } from './shell-spec.js'

export async function runShell(context: StepContext, config: ShellStep): Promise<Result> {
  const spec = await shellSpec(context, config)
  context.commandText = describeCommand(spec.args.argv ?? spec.args.command ?? null)
  const outcome = await context.command(spec)
  noteTimeout(context, outcome)
  return (config.decodeRC[String(outcome.rc)] as Result | undefined) ?? (outcome.rc === 0 ? SUCCESS : FAILURE)
}

/** A timeout is a failure whose reason belongs into the step's line. */
export function noteTimeout(context: StepContext, { failureReason }: CommandResult): void {
  context.timedOut = failureReason === 'timeout' || failureReason === 'timeout_without_output'
}
