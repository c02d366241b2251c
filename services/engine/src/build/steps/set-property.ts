import { SUCCESS, type Result, type SetPropertyStep } from '@yardmaster/domain'
import type { StepContext } from '../step-context.js'

export async function runSetProperty(context: StepContext, config: SetPropertyStep): Promise<Result> {
  const value = await context.render(config.value)
  context.fallbackText = 'Set'
  context.atEnd([context.setProperties({ [config.property]: [value, config.name] })])
  return SUCCESS
}
