import type { Json, Report } from '@yardmaster/domain'
import type { ComposeContext } from '../reporter-kind.js'
import { storyOf } from './other-stories.js'
import { oneLine } from './story.js'
import type { Story } from './story.js'

/** What is told: the default story, and what the configuration's own formatter said instead of it. */
export type Wording = { story: Story; subject: string; body: { type: 'plain' | 'html' | 'markdown'; text: string } | null; extra: { [key: string]: Json } }

/** null: the formatter wants nothing told. Throws when it fails, or answers with what is no message. */
export async function wordingOf(report: Report, { generator, remark, call }: Pick<ComposeContext, 'generator' | 'remark' | 'call'>): Promise<Wording | null> {
  const words = storyOf(report, generator)
  const story = remark === null ? words : { ...words, facts: [...words.facts, { label: 'Remark', value: [{ text: oneLine(remark) }] }] }
  const formatter = report.event === 'started' || report.event === 'step.started' ? generator.startFormatter ?? ownStart(generator) : generator.formatter
  if (!formatter) return { story, subject: story.subject, body: null, extra: {} }
  const answer = await call(formatter, [JSON.parse(JSON.stringify(report)) as Json])
  return answer === null ? null : said(answer, story)
}

/** buildStatus has one formatter for both ends; at a buildStartEnd's start its end's formatter is not asked. */
const ownStart = (generator: ComposeContext['generator']) => (generator.kind === 'buildStartEnd' ? null : generator.formatter)

function said(answer: Json, story: Story): Wording {
  if (typeof answer === 'string') return { story, subject: story.subject, body: { type: 'plain', text: answer }, extra: {} }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw new Error(`the formatter answered ${JSON.stringify(answer)}: a text, { subject, body, type } or null is expected`)
  const { subject = story.subject, body = null, type = 'plain', extra = {} } = answer
  if (typeof subject !== 'string') throw new Error(`the formatter's subject is ${JSON.stringify(subject)}: a text is expected`)
  if (body !== null && typeof body !== 'string') throw new Error(`the formatter's body is ${typeof body}: a text is expected`)
  if (type !== 'plain' && type !== 'html' && type !== 'markdown') throw new Error(`the formatter's type is ${JSON.stringify(type)}: 'plain', 'html' or 'markdown' is expected`)
  if (typeof extra !== 'object' || extra === null || Array.isArray(extra)) throw new Error(`the formatter's extra is ${JSON.stringify(extra)}: a record is expected`)
  return { story, subject: oneLine(subject), body: body === null ? null : { type, text: body }, extra }
}
