import { CANCELLED, EXCEPTION, FAILURE, SUCCESS, WARNINGS, type Result } from '../results.js'
import type { Report } from './report.js'
import type { GeneratorConfig, ReportMode } from './reporter-config.js'

type Previous = { results: Result } | null

const holds: { [mode in ReportMode]: (results: Result, previous: Previous) => boolean } = {
  change: (results, previous) => previous !== null && previous.results !== results,
  problem: (results, previous) => results === FAILURE && previous !== null && previous.results !== FAILURE,
  failing: results => results === FAILURE,
  passing: results => results === SUCCESS,
  warnings: results => results === WARNINGS,
  exception: results => results === EXCEPTION,
  cancelled: results => results === CANCELLED,
}

/** Whether a generator tells of a build that ended so, as Buildbot's modes say it; without modes of any end. */
export function wantsResult({ mode }: Pick<GeneratorConfig, 'mode'>, results: Result | null, previous: Previous): boolean {
  return mode.length === 0 || (results !== null && mode.some(one => holds[one](results, previous)))
}

type Scope = Pick<GeneratorConfig, 'builders' | 'tags' | 'schedulers' | 'branches'>

/** What a build or request is of, for a generator's scope. */
export type ReportScope = { builder: { name: string; tags: string[] } | null; scheduler: string | null; branches: (string | null)[] }

/** Whether it is one of the generator's builders, with one of its tags, by one of its schedulers, of one of its branches. */
export function inScope({ builders, tags, schedulers, branches }: Scope, { builder, scheduler, branches: built }: ReportScope): boolean {
  if (builders && !(builder && builders.includes(builder.name))) return false
  if (tags && !builder?.tags.some(tag => tags.includes(tag))) return false
  if (schedulers && !(scheduler !== null && schedulers.includes(scheduler))) return false
  return !branches || built.some(branch => branch !== null && branches.includes(branch))
}

/** The branches of a report: of its property, as Buildbot asks for, else of its source stamps. */
export function branchesOf({ properties, sourcestamps }: Pick<Report, 'properties' | 'sourcestamps'>): (string | null)[] {
  const said = properties['branch']?.[0]
  return typeof said === 'string' && said !== '' ? [said] : sourcestamps.map(stamp => stamp.branch)
}

/** The report as the generator tells of it; null: it does not. Of a buildset it tells of those builds that it wants, if there are any. */
export function generated(generator: GeneratorConfig, report: Report): Report | null {
  const scheduler = report.buildset?.scheduler ?? null
  const scope = { builder: report.builder, scheduler, branches: branchesOf(report) }
  if (report.event === 'worker.missing') return !generator.workers || generator.workers.includes(report.worker?.name ?? '') ? report : null
  if (report.event === 'pool.alert') return report
  if (report.event === 'buildset.finished') return generator.kind === 'buildSetCombined' ? report : ofBuildset(generator, report)
  const wanted = report.event !== 'finished' || wantsResult(generator, report.build?.results ?? null, report.previous)
  return wanted && inScope(generator, scope) ? report : null
}

function ofBuildset(generator: GeneratorConfig, report: Report): Report | null {
  const builds = report.builds.filter(build => {
    const scope = { builder: { name: build.builder, tags: build.tags }, scheduler: report.buildset?.scheduler ?? null, branches: branchesOf({ properties: build.properties, sourcestamps: report.sourcestamps }) }
    return inScope(generator, scope) && wantsResult(generator, build.results, build.previous)
  })
  return builds.length > 0 ? { ...report, builds } : null
}
