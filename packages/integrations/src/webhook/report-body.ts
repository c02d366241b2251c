import type { Json, Report } from '@yardmaster/domain'

/** The body as Buildbot's HttpStatusPush posts it, a build as REST v2 tells it with what belongs to it; besides, `event`, and of a step's event `step`. */
export function reportBody(report: Report): Json {
  const { event, at, builder, request, build, step, previous, buildset, sourcestamps, properties, owners, builds, worker, pool, logs } = report
  const common = { event, at, builder, buildrequest: request, buildset: buildset && { ...buildset, sourcestamps }, owners, ...(Object.keys(logs).length > 0 ? { logs } : {}) }
  if (build) return asJson({ ...build, ...common, properties, prev_build: previous, ...(step ? { step } : {}) })
  if (buildset && !request) return asJson({ ...common, builds, properties })
  return asJson({ ...common, properties, ...(worker ? { worker } : {}), ...(pool ? { pool } : {}) })
}

const asJson = (value: object): Json => JSON.parse(JSON.stringify(value)) as Json
