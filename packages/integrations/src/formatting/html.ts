import type { Span, Story } from './story.js'
import { colours } from './words.js'

/** A mail's HTML: styles inline, since mail programs drop others. */
export function htmlOf(story: Story): string {
  const facts = story.facts.map(({ label, value }) => `<li>${escapeHtml(label)}: ${words(value)}</li>`)
  const steps = story.steps.map(({ label, result, tone, links }) =>
    `<li style="color: ${colours[tone]}">${words([label])} (${escapeHtml(result)})${links.length > 0 ? ` ${links.map(link => words([link])).join(' ')}` : ''}</li>`)
  const tails = story.tails.map(({ title, text }) => `<p>${words([title])}:</p>\n<pre style="padding: 8px; background: #f4f5f7; white-space: pre-wrap">${escapeHtml(text)}</pre>`)
  return [
    `<p style="padding-left: 8px; border-left: 4px solid ${colours[story.tone]}">${words(story.lead)}</p>`,
    ...(facts.length > 0 ? ['<ul>', ...facts, '</ul>'] : []),
    ...(steps.length > 0 ? [`<p>${escapeHtml(story.stepsTitle)}:</p>`, '<ul>', ...steps, '</ul>'] : []),
    ...tails, '',
  ].join('\n')
}

const entities: { [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, character => entities[character] ?? character)
}

const words = (spans: Span[]): string => spans.map(asHtml).join('')

function asHtml({ text, url, strong }: Span): string {
  const inner = strong ? `<strong>${escapeHtml(text)}</strong>` : escapeHtml(text)
  return url && /^https?:\/\//i.test(url) ? `<a href="${escapeHtml(url)}">${inner}</a>` : inner
}
