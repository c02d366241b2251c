import type { Json } from '@yardmaster/domain'
import { startFakeHost } from './fake-host.js'
import type { HostAnswer, HostRequest } from './fake-host.js'

export type SlackMessage = { channel: string; ts: string; thread: string | null; text: string; body: { [key: string]: Json }; edits: number }

/** Slack's Web API (chat.postMessage, chat.update) for one bot, and an incoming webhook. `channels`: those that the bot is in, by their names. */
export async function startFakeSlack({ token = 'xoxb-1', channels = { '#builds': 'C01' } }: { token?: string; channels?: { [name: string]: string } } = {}) {
  const messages: SlackMessage[] = []
  const textOf = (body: { [key: string]: Json }) => (typeof body['text'] === 'string' ? body['text'] : '')
  const refused = (error: string): HostAnswer => ({ status: 200, body: { ok: false, error } })
  const keep = (body: { [key: string]: Json }, channel: string): SlackMessage => {
    const message = { channel, ts: `1700000000.${String(messages.length + 1).padStart(6, '0')}`, thread: typeof body['thread_ts'] === 'string' ? body['thread_ts'] : null, text: textOf(body), body, edits: 0 }
    messages.push(message)
    return message
  }
  const channelOf = (said: Json | undefined) => (typeof said !== 'string' ? undefined : (channels[said] ?? (Object.values(channels).includes(said) ? said : undefined)))
  const isBot = ({ headers }: HostRequest) => headers.authorization === `Bearer ${token}`

  function post(request: HostRequest): HostAnswer {
    if (!isBot(request)) return refused('invalid_auth')
    const channel = channelOf(request.body['channel'])
    if (channel === undefined) return refused('channel_not_found')
    if (textOf(request.body) === '' && request.body['attachments'] === undefined) return refused('no_text')
    const { ts } = keep(request.body, channel)
    return { status: 200, body: { ok: true, channel, ts } }
  }
  function update(request: HostRequest): HostAnswer {
    if (!isBot(request)) return refused('invalid_auth')
    const message = messages.find(({ channel, ts }) => ts === request.body['ts'] && channel === request.body['channel'])
    if (!message) return refused('message_not_found')
    Object.assign(message, { text: textOf(request.body), body: request.body, edits: message.edits + 1 })
    return { status: 200, body: { ok: true, channel: message.channel, ts: message.ts } }
  }
  function hook({ body }: HostRequest): HostAnswer {
    if (textOf(body) === '' && body['attachments'] === undefined) return { status: 400, body: 'invalid_payload' }
    keep(body, 'C01')
    return { status: 200, body: 'ok' }
  }
  const host = await startFakeHost({ routes: [['POST', /^\/api\/chat\.postMessage$/, post], ['POST', /^\/api\/chat\.update$/, update], ['POST', /^\/services\/T01\/B01\/geheim$/, hook]] })
  return { ...host, messages, baseUrl: `${host.url}/api`, webhook: `${host.url}/services/T01/B01/geheim` }
}
