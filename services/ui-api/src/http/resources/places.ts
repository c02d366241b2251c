import { sql, type Sql } from './sql.js'

/** What the path says, by parameter name. */
export type PathParams = { readonly [name: string]: string | undefined }

/** Thrown when the path cannot be one of ours (a name where a number must be): HTTP 404. */
export class InvalidPath extends Error {
  override name = 'InvalidPath'
}

const number = /^\d{1,15}$/

export function numberIn(params: PathParams, name: string): number {
  const given = params[name] ?? ''
  if (!number.test(given)) throw new InvalidPath(`Invalid path: '${given}' is not a number`)
  return Number(given)
}

/** Number or name: what of the two an element is, is told by its look, as in Buildbot. */
function numberOrName(given: string): number | string {
  return number.test(given) ? Number(given) : given
}

export function projectId(params: PathParams): Sql {
  const project = numberOrName(params.project ?? '')
  return typeof project === 'number' ? sql`${project}::bigint` : sql`(SELECT id FROM projects WHERE name = ${project})`
}

/** A builder that is configured now goes before one that had the name earlier. */
export function builderId(params: PathParams): Sql {
  const builder = numberOrName(params.builder ?? '')
  if (typeof builder === 'number') return sql`${builder}::bigint`
  return sql`(SELECT id FROM builders WHERE name = ${builder} ORDER BY active DESC, id DESC LIMIT 1)`
}

export function workerId(params: PathParams): Sql {
  const worker = numberOrName(params.worker ?? '')
  return typeof worker === 'number' ? sql`${worker}::bigint` : sql`(SELECT id FROM workers WHERE name = ${worker})`
}

export function buildId(params: PathParams): Sql {
  if (params.buildid !== undefined) return sql`${numberIn(params, 'buildid')}::bigint`
  return sql`(SELECT id FROM builds WHERE builder_id = ${builderId(params)} AND number = ${numberIn(params, 'number')}::bigint)`
}

export function stepId(params: PathParams): Sql {
  if (params.stepid !== undefined) return sql`${numberIn(params, 'stepid')}::bigint`
  const step = numberOrName(params.step ?? '')
  if (typeof step === 'number') return sql`(SELECT id FROM steps WHERE build_id = ${buildId(params)} AND number = ${step}::bigint)`
  return sql`(SELECT id FROM steps WHERE build_id = ${buildId(params)} AND name = ${step} ORDER BY number LIMIT 1)`
}

export function logId(params: PathParams): Sql {
  if (params.logid !== undefined) return sql`${numberIn(params, 'logid')}::bigint`
  return sql`(SELECT id FROM logs WHERE step_id = ${stepId(params)} AND slug = ${params.slug ?? ''})`
}

/** Where one build, step or log can be found. */
export const buildPlaces = ['/builds/:buildid', '/builders/:builder/builds/:number'] as const
export const stepPlaces = ['/steps/:stepid', ...buildPlaces.map(place => `${place}/steps/:step`)]
export const logPlaces = ['/logs/:logid', ...stepPlaces.map(place => `${place}/logs/:slug`)]
