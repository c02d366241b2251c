import type { Message, ReporterConfig, Sent } from '@yardmaster/domain'
import MailComposer from 'nodemailer/lib/mail-composer'
import { cut, oneLine } from '../formatting/story.js'
import { hidden } from '../http/hidden.js'
import { flagOption, numberOption, textOption } from '../read-option.js'
import type { SendContext } from '../reporter-kind.js'
import { SendError } from '../send-error.js'
import { targetOf } from './compose-mail.js'
import { mailPayload } from './mail-payload.js'
import type { MailPayload } from './mail-payload.js'
import { lookUp } from './recipients.js'
import { LostAnswer, transmit } from './smtp.js'
import type { Accepted, Relay, SmtpFailure } from './smtp.js'

/** A server that says 421 or knows the password no more says it to everybody. */
const pause = 60_000

export async function sendMail(message: Message, reporter: ReporterConfig, context: SendContext): Promise<Sent> {
  const payload = await resolved(mailPayload.parse(message.payload), reporter, context)
  if (payload.envelope.length === 0) return { detail: 'nobody is to be told' }
  const relay = await relayOf(context)
  const said = (text: string) => cut(oneLine(hidden(text, relay.auth ? [relay.auth.pass, relay.auth.user] : [])), 500)
  const content = await contentOf(payload, context.clock.now())
  try {
    const accepted = await transmit(relay, { from: payload.from.address, to: payload.envelope, content }, context.signal)
    return toSent(accepted, { message, payload, said })
  } catch (error) {
    throw toSendError(error, `${targetOf(reporter)}: ${said(wordsOf(error))}`)
  }
}

async function resolved(payload: MailPayload, reporter: ReporterConfig, context: SendContext): Promise<MailPayload> {
  if (payload.ask.length === 0) return payload
  const { cc, to } = await lookUp(payload, reporter, context)
  return { ...payload, to, cc, ask: [], envelope: [...to, ...cc].map(({ address }) => address) }
}

async function relayOf(context: SendContext): Promise<Relay> {
  const user = await textOption(context, 'smtpUser')
  const auth = user === null ? null : { user, pass: (await textOption(context, 'smtpPassword')) ?? '' }
  const smtps = (await flagOption(context, 'useSmtps')) ?? false
  const required = (await flagOption(context, 'useTls')) ?? auth !== null
  return {
    host: (await textOption(context, 'relayhost')) ?? 'localhost', port: await numberOption(context, 'smtpPort', 25),
    encryption: smtps ? 'smtps' : required ? 'required' : 'offered', verify: (await flagOption(context, 'verify')) ?? true, ca: await textOption(context, 'ca'), auth,
  }
}

/** Nothing in it is read from a file or an address, whatever it says. */
function contentOf(payload: MailPayload, now: number): Promise<Buffer> {
  const { attachments, cc, from, headers, html, inReplyTo, messageId, subject, text, to } = payload
  const mail = new MailComposer({
    from, to, cc, subject, messageId, date: new Date(now), headers: { 'Auto-Submitted': 'auto-generated', ...headers },
    ...(text === null ? {} : { text }), ...(html === null ? {} : { html }), ...(inReplyTo === null ? {} : { inReplyTo, references: inReplyTo }),
    attachments: attachments.map(({ content, filename }) => ({ content, filename, contentType: 'text/plain; charset=utf-8' })),
    disableFileAccess: true, disableUrlAccess: true,
  })
  return mail.compile().build()
}

/** Who was refused for now gets it later, by a message of his own; those who have it do not get it again. */
function toSent({ response, refused }: Accepted, { message, payload, said }: { message: Message; payload: MailPayload; said: (text: string) => string }): Sent {
  const later = refused.filter(isPassing).flatMap(({ recipient }) => (recipient === undefined ? [] : [recipient]))
  const remarks = refused.map(failure => `; ${isPassing(failure) ? 'later' : 'refused'}: ${failure.recipient ?? ''} (${failure.message})`).join('')
  const rest = later.map(address => ({ ...message, subject: cut(`${message.subject}: ${address}`, 500), payload: { ...payload, envelope: [address] } }))
  return { detail: said(`${response}${remarks}`), reference: payload.messageId, ...(rest.length > 0 ? { rest } : {}) }
}

const isPassing = ({ responseCode = 0 }: SmtpFailure): boolean => responseCode >= 400 && responseCode < 500

/** What a server says before it hears of the mail (no TLS, no room for connections) may change, what it says of the mail is definite. */
function toSendError(error: unknown, message: string): SendError {
  if (error instanceof LostAnswer) return new SendError(`${message}: it had the mail, and did not say what became of it`, { outcome: 'unknown' })
  const failure: SmtpFailure = error instanceof Error ? error : new Error(message)
  const replies = [failure, ...(failure.rejectedErrors ?? [])]
  if (failure.code === 'EAUTH' || failure.responseCode === 421) return new SendError(message, { outcome: 'again', retryAfterMs: pause, limited: true })
  const refused = failure.code === 'EMESSAGE' || (failure.code === 'EENVELOPE' && failure.responseCode !== undefined)
  return new SendError(message, { outcome: refused && !replies.some(isPassing) ? 'refused' : 'again' })
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { rejectedErrors = [] } = error as SmtpFailure
  return rejectedErrors.length > 0 ? rejectedErrors.map(({ message, recipient }) => `${recipient ?? ''}: ${message}`).join('; ') : error.message
}
