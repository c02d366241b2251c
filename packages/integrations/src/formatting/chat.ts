import { cut } from './story.js'
import type { Tail } from './story.js'
import { fenced, spans } from './markdown.js'
import type { Dialect } from './markdown.js'
import { colours } from './words.js'
import type { Wording } from './wording.js'

/** A message as chats show it: a headline, some text, the ends of logs. */
export type ChatMessage = { headline: string; body: string; tails: string[]; colour: string }

/** What has room in a chat. */
const facts = ['Build state', 'Revision', 'Blamelist', 'Build reason', 'Admin on record', 'Remark']
const mostOfTail = 900
/** Escaped; with it a tail fits a section of Slack's whole, its fence included. */
const mostEscaped = 2_500

/** Throws for what a formatter wrote as HTML: chats do not read it. */
export function chatOf({ body, story, subject }: Wording, dialect: Dialect): ChatMessage {
  if (body?.type === 'html') throw new Error("the formatter answered HTML, which chats do not read: answer 'plain' or 'markdown'")
  const colour = colours[story.tone]
  if (body) return { headline: subject, body: body.type === 'plain' ? dialect.escape(body.text) : body.text, tails: [], colour }
  const lines = [
    spans(story.lead, dialect),
    ...story.facts.filter(({ label }) => facts.includes(label)).map(({ label, value }) => `${dialect.escape(label)}: ${spans(value, dialect)}`),
    ...story.steps.filter(({ tone }) => tone !== 'good' && tone !== 'neutral').slice(0, 10).map(({ label, result, links }) =>
      `• ${spans([label, { text: ` (${result})` }], dialect)} ${links.map(link => spans([link], dialect)).join(' ')}`.trimEnd()),
  ]
  return { headline: subject, body: lines.join('\n'), tails: story.tails.slice(0, 2).map(tail => tailOf(tail, dialect)), colour }
}

/** The last lines that have room. */
function tailOf({ title, text }: Tail, dialect: Dialect): string {
  const lines = text.split('\n')
  while (lines.length > 1 && lines.join('\n').length > mostOfTail) lines.shift()
  return `${spans([title], dialect)}:\n${fenced(cut(dialect.verbatim(cut(lines.join('\n'), mostOfTail)), mostEscaped))}`
}
