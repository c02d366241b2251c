import type { Configuration } from '../configuration.js'
import type { EventType } from '../events.js'
import type { GeneratorConfig } from './reporter-config.js'

const events: { [kind in GeneratorConfig['kind']]: EventType[] } = {
  buildStatus: ['build.finished'],
  buildStartEnd: ['build.new', 'build.finished'],
  buildRequest: ['buildrequest.new', 'buildrequest.complete'],
  buildSet: ['buildset.complete'],
  buildSetCombined: ['buildset.complete'],
  workerMissing: ['worker.missing'],
  poolAlert: ['pool.alert'],
  steps: ['step.started', 'step.finished'],
}

/** What reporters can be told of at all. */
export const reportableEvents: ReadonlySet<EventType> = new Set(Object.values(events).flat())

/** What the reporters of a configuration are told of. */
export function reportedEvents({ reporters }: Pick<Configuration, 'reporters'>): EventType[] {
  const generators = reporters.flatMap(reporter => reporter.generators)
  return [...new Set([...generators.flatMap(({ kind }) => events[kind]), ...(generators.some(({ reportNew }) => reportNew) ? ['build.new' as const] : [])])].sort()
}

/** Whether the generator is asked about this event. */
export const asksFor = ({ kind, reportNew }: GeneratorConfig, event: EventType): boolean => events[kind].includes(event) || (kind === 'buildStatus' && reportNew && event === 'build.new')
