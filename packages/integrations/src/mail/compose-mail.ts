import { createHash } from 'node:crypto'
import { SUCCESS, mailAddressOf } from '@yardmaster/domain'
import type { Json, MailAddress, Message, Report, ReporterConfig } from '@yardmaster/domain'
import { aboutOf, momentOf } from '../formatting/about.js'
import { htmlOf } from '../formatting/html.js'
import { plainOf } from '../formatting/plain.js'
import { cut, oneLine } from '../formatting/story.js'
import { wordingOf } from '../formatting/wording.js'
import type { Wording } from '../formatting/wording.js'
import type { ComposeContext } from '../reporter-kind.js'
import { attachmentsOf } from './attachments.js'
import type { MailPayload } from './mail-payload.js'
import { recipientsOf } from './recipients.js'

/** A mail that has not left after a day is of no use. */
const deadline = 86_400
const mostOfBody = 500_000

/** One mail to all; none where nobody is to get it, as far as that is known. */
export async function composeMail(report: Report, reporter: ReporterConfig, context: ComposeContext): Promise<Message[]> {
  const recipients = await recipientsOf(report, reporter, context)
  const everybody = [...recipients.to, ...recipients.cc]
  if (everybody.length === 0 && recipients.ask.length === 0) return []
  const wording = await wordingOf(report, context)
  if (!wording) return []
  const from = mailAddressOf(toText(await context.render(reporter.options['fromaddr'] ?? null)))
  if (!from) throw new Error(`reporter '${reporter.name}': fromaddr is no mail address`)
  const payload: MailPayload = {
    from, ...recipients,
    envelope: everybody.map(({ address }) => address),
    subject: cut(wording.subject, 900),
    ...bodiesOf(wording),
    attachments: attachmentsOf(report, context.generator),
    headers: await headersOf(reporter, context),
    messageId: messageId(momentOf(report), reporter.name, from),
    inReplyTo: repliesTo(report, reporter.name, from),
  }
  return [{ target: targetOf(reporter), subject: `${aboutOf(report)} to ${audience([...recipients.ask, ...everybody.map(({ address }) => address)])}`, delivery: 'message', summary: cut(wording.subject, 200), deadline, payload }]
}

export const targetOf = ({ options }: ReporterConfig): string => `mail ${plain(options['relayhost'], 'localhost')}:${plain(options['smtpPort'], '25')}`

const plain = (value: unknown, otherwise: string): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise)
const toText = (value: Json): string => (typeof value === 'string' ? value : '')

/** A line of its own for each set of people: a full mailbox keeps nobody else waiting. */
const audience = (everybody: string[]): string => cut(oneLine(everybody.join(' ')), 200)

/** Besides a plain body a formatter may give HTML: `extra: { html }`. */
function bodiesOf({ body, extra, story }: Wording): { text: string | null; html: string | null } {
  if (!body) return { text: plainOf(story), html: htmlOf(story) }
  const text = cut(body.text, mostOfBody)
  if (body.type === 'html') return { text: null, html: text }
  return { text, html: typeof extra['html'] === 'string' ? cut(extra['html'], mostOfBody) : null }
}

/** Of what the mail tells and by whom: a second one of the same could be recognised. */
function messageId(moment: string, reporter: string, { address }: MailAddress): string {
  const digest = createHash('sha256').update(JSON.stringify([moment, reporter])).digest('hex').slice(0, 40)
  return `<yardmaster.${digest}@${address.slice(address.lastIndexOf('@') + 1)}>`
}

/** Mails of one series of bad builds, and the one that ends it, are a thread. */
function repliesTo({ event, previous }: Report, reporter: string, from: MailAddress): string | null {
  return event === 'finished' && previous && previous.results !== SUCCESS ? messageId(`finished ${previous.url}`, reporter, from) : null
}

async function headersOf({ options }: ReporterConfig, { render }: ComposeContext): Promise<{ [name: string]: string }> {
  const given = await render(options['extraHeaders'] ?? {})
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return {}
  const texts = Object.entries(given).map(([name, value]): [string, string] => [name, typeof value === 'string' ? oneLine(value) : JSON.stringify(value)])
  return Object.fromEntries(texts.filter(([name, value]) => /^[A-Za-z0-9-]+$/.test(name) && value !== ''))
}
