import { createHash } from 'node:crypto'
import { SUCCESS, worstResult, type Json, type Result, type TriggerArgs, type TriggerStep } from '@yardmaster/domain'
import { awaitTriggered, performTrigger } from '../effects/trigger.js'
import type { StepContext } from '../step-context.js'
import { text } from './shell-spec.js'

export async function runTrigger(context: StepContext, config: TriggerStep): Promise<Result> {
  const schedulers: string[] = []
  for (const name of config.schedulerNames) schedulers.push(text(await context.render(name), 'schedulerNames'))
  context.fallbackText = `triggered ${schedulers.join(', ')}`
  const args: TriggerArgs = {
    schedulers, builders: [], waitForFinish: config.waitForFinish, sourcestamps: null, updateSourceStamp: config.updateSourceStamp, alwaysUseLatest: config.alwaysUseLatest,
    properties: await context.render(config.setProperties) as { [name: string]: Json }, reason: null, priority: null,
  }
  const buildsets = (await performTrigger(context, idOf(context, 'trigger', args), args)).map(({ buildset }) => buildset)
  if (!config.waitForFinish) return SUCCESS
  const builds = await awaitTriggered(context, idOf(context, 'triggerEnded', { buildsets }), buildsets)
  const important = builds.filter(({ scheduler }) => scheduler === null || !config.unimportantSchedulerNames.includes(scheduler))
  return important.map(build => build.results).reduce<Result>(worstResult, SUCCESS)
}

function idOf(context: StepContext, kind: string, args: Json) {
  const fingerprint = createHash('sha256').update(JSON.stringify(context.run.mask.json(args))).digest('hex')
  return { n: context.journal.nextNumber(), kind, fingerprint }
}
