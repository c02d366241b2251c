import type { Json } from '@yardmaster/domain'
import { startFakeHost } from './fake-host.js'
import type { HostAnswer, HostRequest } from './fake-host.js'

export type DiscordMessage = { id: string; body: { [key: string]: Json }; edits: number }

/** One of Discord's webhooks: 204, or 200 and the message with ?wait=true; bounds as Discord has them. */
export async function startFakeDiscord() {
  const messages: DiscordMessage[] = []
  function post({ body, query }: HostRequest): HostAnswer {
    const problem = problemOf(body)
    if (problem) return problem
    const message = { id: String(1_100 + messages.length), body, edits: 0 }
    messages.push(message)
    return query.get('wait') === 'true' ? { status: 200, body: { id: message.id, channel_id: '77' } } : { status: 204 }
  }
  function patch({ body }: HostRequest, id: string): HostAnswer {
    const message = messages.find(known => known.id === id)
    if (!message) return { status: 404, body: { message: 'Unknown Message', code: 10_008 } }
    Object.assign(message, { body, edits: message.edits + 1 })
    return problemOf(body) ?? { status: 200, body: { id, channel_id: '77' } }
  }
  const host = await startFakeHost({ routes: [['POST', /^\/api\/webhooks\/1\/geheim$/, post], ['PATCH', /^\/api\/webhooks\/1\/geheim\/messages\/(\d+)$/, patch]] })
  return { ...host, messages, webhook: `${host.url}/api/webhooks/1/geheim` }
}

function problemOf({ content, embeds }: { [key: string]: Json }): HostAnswer | null {
  const [embed] = Array.isArray(embeds) ? embeds : []
  const { title = '', description = '' } = typeof embed === 'object' && embed !== null && !Array.isArray(embed) ? embed : {}
  if (typeof title !== 'string' || typeof description !== 'string' || title.length > 256 || description.length > 4_096) return { status: 400, body: { message: 'Invalid Form Body', code: 50_035 } }
  return content === undefined && title === '' && description === '' ? { status: 400, body: { message: 'Cannot send an empty message', code: 50_006 } } : null
}
