import type { Span, Story } from './story.js'

/** How a place writes what others write alike. */
export type Dialect = { escape: (text: string) => string; link: (text: string, url: string) => string; strong: (text: string) => string }

/** As code hosts read it; nobody is mentioned by what somebody wrote. */
export const hostMarkdown: Dialect = {
  escape: text => text.replaceAll(/[\\`*_{}[\]()#+\-.!|~>]/g, String.raw`\$&`).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('@', '&#64;'),
  link: (text, url) => `[${text}](<${url}>)`,
  strong: text => `**${text}**`,
}
export const discordMarkdown: Dialect = {
  escape: text => text.replaceAll(/[\\`*_[\]()#\-|~><@:]/g, String.raw`\$&`),
  link: (text, url) => `[${text}](<${url}>)`,
  strong: text => `**${text}**`,
}
export const slackMarkdown: Dialect = {
  escape: text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  link: (text, url) => `<${url}|${text.replaceAll('|', '¦')}>`,
  strong: text => (text.trim() === '' ? text : `*${text}*`),
}

export function spans(parts: readonly Span[], dialect: Dialect): string {
  return parts.map(part => span(part, dialect)).join('')
}

function span({ text, url, strong }: Span, { escape, link, strong: bold }: Dialect): string {
  const escaped = escape(text)
  const inner = strong ? bold(escaped) : escaped
  return url && /^https?:\/\/[^\s<>|]+$/i.test(url) ? link(inner, url) : inner
}

/** Lines of a log as they are. */
export function fenced(text: string): string {
  return `\`\`\`\n${text.replaceAll('```', '`\u200B``')}\n\`\`\``
}

/** The whole story, for a comment. */
export function markdownOf(story: Story, dialect: Dialect): string {
  const facts = story.facts.map(({ label, value }) => `- ${dialect.escape(label)}: ${spans(value, dialect)}`)
  const steps = story.steps.map(({ label, result, links }) => `- ${spans([label, { text: ` (${result})` }], dialect)} ${links.map(link => span(link, dialect)).join(' ')}`.trimEnd())
  const tails = story.tails.map(({ title, text }) => `${span(title, dialect)}:\n${fenced(text)}`)
  const parts = [spans(story.lead, dialect), facts.join('\n'), steps.length > 0 ? `${story.stepsTitle}:\n${steps.join('\n')}` : '', ...tails]
  return parts.filter(part => part !== '').join('\n\n')
}
