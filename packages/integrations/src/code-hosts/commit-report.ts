import { CANCELLED, type Json, type Message, type Report, type ReportEvent, type ReporterConfig, type Result } from '@yardmaster/domain'
import { SendError } from '../send-error.js'
import type { ComposeContext } from '../reporter-kind.js'

/** What a report says of the commits that it is about. `results` is null until there are some. */
export type CommitReport = {
  stage: 'requested' | 'started' | 'finished'
  results: Result | null
  url: string
  description: string
}

/** Statuses are worth sending again for a day: a merge may wait for them. */
export const STATUS_DEADLINE = 86_400

/** null: it says nothing of commits, or the user's formatter says that nothing is to be told. */
export async function commitReport(report: Report, { options }: ReporterConfig, context: ComposeContext): Promise<CommitReport | null> {
  const stage = stages[report.event]
  if (!stage) return null
  const { generator } = context
  const formatter = stage === 'started' && generator.kind === 'buildStartEnd' ? generator.startFormatter : generator.formatter
  const said = formatter ? bodyOf(await context.call(formatter, [report])) : undefined
  if (said === null) return null
  const own = async (): Promise<string> => textOf(await context.render(options[`${wordsOf[stage]}Description`] ?? null))
  const words = said ?? (report.event === 'cancelled' ? 'Build cancelled.' : await own())
  const description = context.remark === null ? words : `${words} (${context.remark})`
  const results = stage === 'finished' ? report.build?.results ?? report.request?.results ?? report.buildset?.results ?? CANCELLED : null
  return { stage, results, url: report.build?.url ?? report.request?.url ?? report.titleURL ?? '', description }
}

const wordsOf = { requested: 'pending', started: 'start', finished: 'end' } as const

const stages: { [event in ReportEvent]?: CommitReport['stage'] } = { requested: 'requested', started: 'started', finished: 'finished', cancelled: 'finished', 'buildset.finished': 'finished' }

/** A formatter answers with a text, or a record with a body; undefined: the kind's own words stand. */
function bodyOf(answer: Json): string | null | undefined {
  if (answer === null || typeof answer === 'string') return answer
  const body = recordOf(answer)['body']
  return typeof body === 'string' ? body : undefined
}

export const textOf = (value: Json): string => (value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value))

/** A property's text; null: there is none, or it is empty. */
export function propertyText({ properties }: Report, name: string): string | null {
  const value = Object.hasOwn(properties, name) ? properties[name]?.[0] : undefined
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null
}

/** A text for a host that takes so many characters and no more. */
export function cut(text: string, most: number): string {
  const characters = Array.from(text)
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}

/** What a status's payload has besides the words of its own host. */
export type StatusPayload = { repository: string; sha: string; body: { [field: string]: Json } }

/** The payload of a message that a driver of code hosts has made. Throws SendError for what another version made. */
export function statusPayload({ payload }: Message): StatusPayload {
  const { repository, sha, body } = recordOf(payload)
  if (typeof repository !== 'string' || typeof sha !== 'string' || body === undefined) throw new SendError('the message has no repository, commit or body: was it made by another version of the software?', { outcome: 'refused' })
  return { repository, sha, body: recordOf(body) }
}

export const recordOf = (value: Json | undefined): { [key: string]: Json } => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {})
