import type { Span } from './story.js'

/** How a place writes what others write alike. */
export type Dialect = { escape: (text: string) => string; /** Within a block of code. */ verbatim: (text: string) => string; link: (text: string, url: string) => string; strong: (text: string) => string }

export const discordMarkdown: Dialect = {
  escape: text => text.replaceAll(/[\\`*_[\]()#\-|~><@:]/g, String.raw`\$&`),
  verbatim: text => text,
  link: (text, url) => `[${text}](<${url}>)`,
  strong: text => `**${text}**`,
}
const slackEscaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
/** Slack reads <!channel> and links in blocks of code too. */
export const slackMarkdown: Dialect = {
  escape: slackEscaped,
  verbatim: slackEscaped,
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
