import type { Span, Story } from './story.js'

/** A mail's text. */
export function plainOf(story: Story): string {
  const facts = story.facts.map(({ label, value }) => `${label}: ${words(value)}`)
  const steps = story.steps.flatMap(({ label, result, links }) => [`- ${withUrl(label)} (${result})`, ...links.map(link => `    ${link.text}: ${link.url ?? ''}`)])
  const tails = story.tails.map(({ title, text }) => `${title.text}${title.url ? `, ${title.url}` : ''}:\n${text.split('\n').map(line => `    ${line}`).join('\n')}`)
  const parts = [story.lead.map(span => span.text).join(''), facts.join('\n'), steps.length > 0 ? `${story.stepsTitle}:\n${steps.join('\n')}` : '', tails.join('\n\n')]
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}

const words = (spans: Span[]): string => spans.map(withUrl).join('')

const withUrl = ({ text, url }: Span): string => (url && url !== text ? `${text} <${url}>` : text)
