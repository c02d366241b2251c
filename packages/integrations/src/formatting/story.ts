import type { Tone } from './words.js'

/** Words, perhaps with a link. */
export type Span = { text: string; url?: string | null; strong?: boolean }
export type Fact = { label: string; value: Span[] }
export type StoryStep = { label: Span; result: string; tone: Tone; links: Span[] }
/** The end of a log. */
export type Tail = { title: Span; text: string }

/** What is told of a report, before it becomes text, HTML or markdown. No line breaks outside of tails. */
export type Story = {
  tone: Tone
  /** One line: a mail's subject. */
  subject: string
  /** A sentence or two. */
  lead: Span[]
  facts: Fact[]
  stepsTitle: string
  steps: StoryStep[]
  tails: Tail[]
}

/** Without line breaks and other control characters: what came from outside may carry them. */
export function flat(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}

/** The same, trimmed, and with single spaces. */
export function oneLine(text: string): string {
  return flat(text).replaceAll(/ {2,}/g, ' ').trim()
}

/** At most so many characters, the last one a sign that there was more. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}
