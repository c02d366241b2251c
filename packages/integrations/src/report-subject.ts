import { resultName, type Report } from '@yardmaster/domain'

/** What a report is of: messages of one are told in order, those of another do not wait for them. */
export function subjectOf({ build, request, buildset, worker, pool, event }: Report): string {
  if (request) return `request ${request.buildrequestid}`
  if (build) return `build ${build.buildid}`
  if (buildset) return `buildset ${buildset.bsid}`
  return worker ? `worker ${worker.name}` : pool ? `pool ${pool.name}` : event
}

/** In a line of a list: `finished hello #12: success`. */
export function summaryOf({ event, builder, build, step, buildset, worker, pool }: Report): string {
  const results = step?.results ?? build?.results ?? (event === 'buildset.finished' ? buildset?.results : null) ?? null
  const what = builder ? `${builder.name}${build ? ` #${build.number}` : ''}` : worker ? `worker ${worker.name}` : pool ? `pool ${pool.name}` : buildset ? `buildset ${buildset.bsid}` : ''
  return [event, what, ...(step ? [`step ${step.name}`] : [])].filter(part => part !== '').join(' ') + (results === null ? '' : `: ${resultName(results)}`)
}
