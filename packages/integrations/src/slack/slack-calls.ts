import { isRecord, type Json, type Sent } from '@yardmaster/domain'
import { exchange } from '../http/exchange.js'
import { jsonCall, failureOf } from '../http/json-call.js'
import { postedTo } from '../http/webhook-url.js'
import type { SendContext } from '../reporter-kind.js'
import { SendError } from '../send-error.js'

export type SlackApi = { baseUrl: string; token: string }

/** After these nobody knows whether it was done. */
const uncertain = ['internal_error', 'fatal_error', 'request_timeout', 'service_unavailable']
/** These may be mended without the message being sent anew. */
const mendable = ['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired', 'missing_scope', 'not_in_channel', 'channel_not_found', 'ratelimited', 'rate_limited']
const pause = 60_000

/** One of the Web API's methods, which answer 200 and say in the body whether it worked. repeatable: doing it twice does no harm. */
export async function callSlack({ baseUrl, token }: SlackApi, { method, body, repeatable }: { method: string; body: { [key: string]: Json }; repeatable: boolean }, context: SendContext): Promise<{ [key: string]: Json }> {
  try {
    const host = { baseUrl: baseUrl.replace(/\/$/, ''), headers: { authorization: `Bearer ${token}` }, trust: { verify: true, ca: null }, secrets: [token] }
    const { body: answer } = await jsonCall(host, { method: 'POST', path: `/${method}`, body, fresh: true }, context)
    if (isRecord(answer) && answer['ok'] === true) return answer
    throw refusal(method, answer)
  } catch (error) {
    if (repeatable && error instanceof SendError && error.outcome === 'unknown') throw new SendError(error.message, { outcome: 'again', cause: error })
    throw error
  }
}

function refusal(method: string, answer: Json): SendError {
  const error = isRecord(answer) ? answer['error'] : undefined
  if (typeof error !== 'string') return new SendError(`${method} was answered without ok and error`, { outcome: 'unknown' })
  const message = `${method} was answered '${error}'`
  if (uncertain.includes(error)) return new SendError(message, { outcome: 'unknown' })
  return mendable.includes(error) ? new SendError(message, { outcome: 'again', retryAfterMs: pause, limited: true }) : new SendError(message, { outcome: 'refused' })
}

/** An incoming webhook takes a message and tells nothing of it. */
export async function postToWebhook(webhook: string, body: { [key: string]: Json }, context: SendContext): Promise<Sent> {
  const { secrets, url } = postedTo(webhook)
  const answer = await exchange({ method: 'POST', url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), trust: { verify: true, ca: null }, secrets, fresh: true }, context)
  if (answer.status !== 200) throw failureOf(`POST to ${new URL(url).host}`, answer, { secrets, now: context.clock.now() })
  return { detail: 'HTTP 200' }
}
