import type { Report } from '@yardmaster/domain'

/** What a report is about, for order: what is told of one thing arrives in its order. */
export function aboutOf({ builder, buildset, event, pool, worker }: Report): string {
  if (event === 'worker.missing') return `worker ${worker?.name ?? ''}`
  if (event === 'pool.alert') return `pool ${pool?.name ?? ''}`
  return event === 'buildset.finished' || !builder ? `buildset ${buildset?.bsid ?? ''}` : `builder ${builder.name}`
}

/** The same for one happening and for no other: a report that is told of again after a crash has the same. */
export function momentOf(report: Report): string {
  const thing = report.build?.url ?? report.request?.url ?? (report.event === 'buildset.finished' ? `${report.titleURL ?? ''} buildset ${report.buildset?.bsid ?? ''}` : `${report.titleURL ?? ''} ${aboutOf(report)} ${report.at}`)
  const step = report.event.startsWith('step.') ? ` step ${report.build?.steps.at(-1)?.number ?? ''}` : ''
  return `${report.event} ${thing}${step}`
}
