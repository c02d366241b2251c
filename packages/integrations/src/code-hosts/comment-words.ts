import { resultName, type Report, type ReporterConfig } from '@yardmaster/domain'
import type { ComposeContext } from '../reporter-kind.js'
import { formatted } from './commit-report.js'
import { textOf } from './values.js'

/** A pull request may be looked at for a day. */
export const COMMENT_DEADLINE = 86_400

/** The formatter's words, else the option's, else a line for each build that has ended. */
export async function commentWords(report: Report, { options }: ReporterConfig, context: ComposeContext): Promise<string | null> {
  if (report.event === 'requested' || report.event.startsWith('step.')) return null
  const said = await formatted(report, context)
  if (said !== undefined) return said
  const option = report.event === 'started' ? 'startDescription' : 'endDescription'
  const own = textOf(await context.render(options[option] ?? null)) || (report.event === 'started' ? '' : linesOf(report))
  return own === '' || context.remark === null ? own || null : `${own}\n\n${context.remark}`
}

function linesOf({ builder, build, builds, title, titleURL, request, buildset }: Report): string {
  const told = builds.length > 0 ? builds : build ? [{ ...build, builder: builder?.name ?? '' }] : []
  const lines = told.map(one => `- [${plain(one.builder)} #${one.number}](${one.url}): **${one.results === null ? 'running' : resultName(one.results)}** ${plain(one.state_string)}`.trimEnd())
  if (lines.length > 0) return lines.join('\n')
  const results = request?.results ?? buildset?.results ?? null
  return results === null ? '' : `- ${titleURL === null ? plain(title) : `[${plain(title)}](${titleURL})`}: **${resultName(results)}**`
}

/** Without what Markdown makes something of. */
const plain = (text: string): string => text.replaceAll(/[\\`*_[\]<>|#@]/g, String.raw`\$&`).replaceAll(/\s+/g, ' ')
