import type { Result, StepConfig } from '@yardmaster/domain'
import type { StepContext } from '../step-context.js'
import { runCustom } from './custom.js'
import { runFileUpload } from './file-upload.js'
import { runGit } from './git.js'
import { runSetProperty } from './set-property.js'
import { runSetPropertyFromCommand } from './set-property-from-command.js'
import { runShell } from './shell.js'
import { runTrigger } from './trigger.js'

export type StepOutcome = { result: Result }

/** Does what the step's kind does. */
export async function runStepKind(context: StepContext, config: StepConfig): Promise<StepOutcome> {
  switch (config.kind) {
    case 'shell': return { result: await runShell(context, config) }
    case 'git': return { result: await runGit(context, config) }
    case 'setProperty': return { result: await runSetProperty(context, config) }
    case 'setPropertyFromCommand': return { result: await runSetPropertyFromCommand(context, config) }
    case 'trigger': return { result: await runTrigger(context, config) }
    case 'fileUpload': return { result: await runFileUpload(context, config) }
    case 'custom': return { result: await runCustom(context, config) }
  }
}
