import type { Json, Message, Report, ReporterConfig, Sent } from '@yardmaster/domain'
import { z } from 'zod'
import { subjectOf } from '../formatting/build-subject.js'
import { chatOf } from '../formatting/chat.js'
import type { ChatMessage } from '../formatting/chat.js'
import { slackMarkdown } from '../formatting/markdown.js'
import { cut } from '../formatting/story.js'
import { wordingOf } from '../formatting/wording.js'
import { textOption } from '../read-option.js'
import type { ComposeContext, ReporterKindDriver, SendContext } from '../reporter-kind.js'
import { callSlack, postToWebhook } from './slack-calls.js'
import type { SlackApi } from './slack-calls.js'

/** After an hour nobody wants to be told any more. */
const deadline = 3_600

const slackPayload = z.object({ channel: z.string().nullable(), mode: z.enum(['new', 'thread', 'update']), body: z.record(z.string(), z.json()) })
type SlackPayload = z.infer<typeof slackPayload>

export const slackDriver: ReporterKindDriver = { compose, send }

async function compose(report: Report, reporter: ReporterConfig, context: ComposeContext): Promise<Message[]> {
  const wording = await wordingOf(report, context)
  if (!wording) return []
  const channel = reporter.options['channel'] === null ? null : await context.render(reporter.options['channel'] ?? null)
  if (channel !== null && typeof channel !== 'string') throw new Error(`reporter '${reporter.name}': channel is ${JSON.stringify(channel)}: a text is expected`)
  const mode = reporter.options['update'] === true ? 'update' : reporter.options['thread'] === true ? 'thread' : 'new'
  const payload: SlackPayload = { channel, mode, body: { ...bodyOf(chatOf(wording, slackMarkdown)), ...wording.extra } }
  return [{ target: `slack ${channel ?? reporter.name}`, subject: subjectOf(report, mode !== 'new'), delivery: 'message', summary: cut(wording.subject, 200), deadline, payload }]
}

/** The text is for notifications, what is shown is the attachment with its colour. */
function bodyOf({ body, colour, headline, tails }: ChatMessage): { [key: string]: Json } {
  const section = (text: string): Json => ({ type: 'section', text: { type: 'mrkdwn', text: cut(text, 2_900), verbatim: true } })
  const blocks: Json[] = [section(body), ...tails.map(section)]
  return { text: slackMarkdown.escape(headline), unfurl_links: false, unfurl_media: false, attachments: [{ color: colour, fallback: cut(headline, 300), blocks }] }
}

async function send({ payload }: Message, _reporter: ReporterConfig, context: SendContext): Promise<Sent> {
  const { body, channel, mode } = slackPayload.parse(payload)
  const webhook = await textOption(context, 'webhook')
  if (webhook !== null) return postToWebhook(webhook, body, context)
  const api: SlackApi = { baseUrl: (await textOption(context, 'baseUrl')) ?? 'https://slack.com/api', token: (await textOption(context, 'token')) ?? '' }
  const [place, first] = mode === 'new' ? [] : ((await context.lastReference())?.split(' ') ?? [])
  if (place === undefined || first === undefined) return post(api, { ...body, channel }, context)
  if (mode === 'thread') return { ...(await post(api, { ...body, channel: place, thread_ts: first }, context)), reference: `${place} ${first}` }
  await callSlack(api, { method: 'chat.update', body: { ...body, channel: place, ts: first }, repeatable: true }, context)
  return { detail: 'changed', reference: `${place} ${first}` }
}

async function post(api: SlackApi, body: { [key: string]: Json }, context: SendContext): Promise<Sent> {
  const { channel, ts } = await callSlack(api, { method: 'chat.postMessage', body, repeatable: false }, context)
  return { detail: 'HTTP 200', reference: typeof channel === 'string' && typeof ts === 'string' ? `${channel} ${ts}` : null }
}
