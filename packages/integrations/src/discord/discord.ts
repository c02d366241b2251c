import type { Json, Message, Report, ReporterConfig, Sent } from '@yardmaster/domain'
import { z } from 'zod'
import { subjectOf } from '../formatting/build-subject.js'
import { chatOf } from '../formatting/chat.js'
import type { ChatMessage } from '../formatting/chat.js'
import { discordMarkdown } from '../formatting/markdown.js'
import { cut } from '../formatting/story.js'
import { wordingOf } from '../formatting/wording.js'
import { exchange } from '../http/exchange.js'
import { failureOf } from '../http/json-call.js'
import { postedTo } from '../http/webhook-url.js'
import { textOption } from '../read-option.js'
import type { ComposeContext, ReporterKindDriver, SendContext } from '../reporter-kind.js'
import { SendError } from '../send-error.js'

/** After an hour nobody wants to be told any more. */
const deadline = 3_600

const discordPayload = z.object({ update: z.boolean(), body: z.record(z.string(), z.json()) })
type DiscordPayload = z.infer<typeof discordPayload>

export const discordDriver: ReporterKindDriver = { compose, send }

async function compose(report: Report, reporter: ReporterConfig, context: ComposeContext): Promise<Message[]> {
  const wording = await wordingOf(report, context)
  if (!wording) return []
  const update = reporter.options['update'] === true
  const page = report.build?.url ?? report.request?.url ?? report.titleURL
  const payload: DiscordPayload = { update, body: { ...bodyOf(chatOf(wording, discordMarkdown), page), ...wording.extra } }
  return [{ target: `discord ${reporter.name}`, subject: subjectOf(report, update), delivery: 'message', summary: cut(wording.subject, 200), deadline, payload }]
}

/** Discord's bounds are 256 for the title, 4096 for the text, 6000 in all; nobody is called by what somebody wrote. */
function bodyOf({ body, colour, headline, tails }: ChatMessage, page: string | null): { [key: string]: Json } {
  const description = [cut(body, 2_400), ...tails].join('\n').slice(0, 4_096)
  const link: { [key: string]: Json } = page !== null && /^https?:\/\//.test(page) ? { url: page } : {}
  return { embeds: [{ title: cut(headline, 256), ...link, description, color: Number.parseInt(colour.slice(1), 16) }], allowed_mentions: { parse: [] } }
}

async function send({ payload }: Message, _reporter: ReporterConfig, context: SendContext): Promise<Sent> {
  const { body, update } = discordPayload.parse(payload)
  const { secrets, url } = postedTo((await textOption(context, 'webhook')) ?? '')
  const earlier = update ? await context.lastReference() : null
  const [username, avatarUrl] = [await textOption(context, 'username'), await textOption(context, 'avatarUrl')]
  const sender = earlier === null ? { ...(username === null ? {} : { username }), ...(avatarUrl === null ? {} : { avatar_url: avatarUrl }) } : {}
  const call = { url: await addressOf(url, earlier, context), body: JSON.stringify({ ...body, ...sender }), secrets, method: earlier === null ? 'POST' as const : 'PATCH' as const }
  try {
    const answer = await exchange({ ...call, headers: { 'content-type': 'application/json' }, trust: { verify: true, ca: null }, fresh: true }, context)
    if (answer.status < 200 || answer.status > 299) throw failureOf(`${call.method} to ${new URL(url).host}`, answer, { secrets, now: context.clock.now() })
    return { detail: `HTTP ${answer.status}`, reference: earlier ?? idIn(answer.text) }
  } catch (error) {
    if (earlier !== null && error instanceof SendError && error.outcome === 'unknown') throw new SendError(error.message, { outcome: 'again', cause: error })
    throw error
  }
}

/** With wait the answer tells the message's id, and errors that come late. */
async function addressOf(webhook: string, earlier: string | null, context: SendContext): Promise<string> {
  const url = new URL(webhook)
  if (earlier === null) url.searchParams.set('wait', 'true')
  else url.pathname = `${url.pathname.replace(/\/$/, '')}/messages/${encodeURIComponent(earlier)}`
  const threadId = await textOption(context, 'threadId')
  if (threadId !== null) url.searchParams.set('thread_id', threadId)
  return url.href
}

function idIn(text: string): string | null {
  const message = z.object({ id: z.string() }).safeParse(parsed(text))
  return message.success ? message.data.id : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
