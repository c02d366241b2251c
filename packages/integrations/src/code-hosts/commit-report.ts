import { CANCELLED, recordOf, RETRY, type Json, type Report, type ReporterConfig, type ReportEvent, type Result } from '@yardmaster/domain'
import type { ComposeContext } from '../reporter-kind.js'
import { textOf } from './values.js'

/** What a report says of the commits that it is about. `results` is null until there are some. */
export type CommitReport = {
  stage: 'requested' | 'started' | 'finished'
  results: Result | null
  url: string
  description: string
}

const stages: { [event in ReportEvent]?: CommitReport['stage'] } = { requested: 'requested', started: 'started', finished: 'finished', cancelled: 'finished' }
const optionOf = { requested: 'pendingDescription', started: 'startDescription', finished: 'endDescription' } as const

/** null: it says nothing of commits, or the user's formatter says that nothing is to be told. */
export async function commitReport(report: Report, { options }: ReporterConfig, context: ComposeContext): Promise<CommitReport | null> {
  const stage = stages[report.event]
  if (!stage) return null
  const said = await formatted(report, context)
  if (said === null) return null
  // Whose request another took the place of was never built: hosts take 'skipped' for a success, and would merge it.
  const results = stage === 'finished' ? report.build?.results ?? CANCELLED : null
  const own = async (): Promise<string> => textOf(await context.render(options[optionOf[results === RETRY ? 'requested' : stage]] ?? null))
  const words = said ?? (report.event === 'cancelled' ? 'Build cancelled.' : await own())
  return { stage, results, url: report.build?.url ?? report.request?.url ?? report.titleURL ?? '', description: context.remark === null ? words : `${words} (${context.remark})` }
}

/** What the configuration's own function says; null: that nothing is to be told; undefined: there is none, or it leaves it to us. */
export async function formatted(report: Report, { generator, call }: ComposeContext): Promise<string | null | undefined> {
  const formatter = report.event === 'started' && generator.kind === 'buildStartEnd' ? generator.startFormatter : generator.formatter
  return formatter ? bodyOf(await call(formatter, [report])) : undefined
}

function bodyOf(answer: Json): string | null | undefined {
  if (answer === null || typeof answer === 'string') return answer
  const body = recordOf(answer)['body']
  return typeof body === 'string' ? body : undefined
}
