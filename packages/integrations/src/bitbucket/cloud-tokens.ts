import { recordOf } from '@yardmaster/domain'
import { createHash } from 'node:crypto'
import { basic } from '../code-hosts/connection.js'
import type { HttpDeps, Trust } from '../http/exchange.js'
import { jsonCall } from '../http/json-call.js'
import { SendError } from '../send-error.js'

export type OauthConsumer = { url: string; key: string; secret: string; trust: Trust }

/** One that is about to end could end under way. */
const SPARE_MS = 120_000
const kept = new Map<string, { token: string; until: number }>()

/** An access token of an OAuth consumer, kept until shortly before it ends. Throws SendError. */
export async function cloudToken(consumer: OauthConsumer, deps: HttpDeps): Promise<string> {
  const known = kept.get(keyOf(consumer))
  if (known && known.until > deps.clock.monotonic()) return known.token
  const authorization = basic(consumer.key, consumer.secret)
  const host = { baseUrl: consumer.url, headers: { authorization }, trust: consumer.trust, secrets: [consumer.secret, authorization.slice('Basic '.length)] }
  const { access_token: token, expires_in: seconds } = recordOf((await jsonCall(host, { method: 'POST', path: '', form: { grant_type: 'client_credentials' } }, deps)).body)
  if (typeof token !== 'string') throw new SendError(`${consumer.url} answered without an access token`, { outcome: 'again' })
  kept.set(keyOf(consumer), { token, until: deps.clock.monotonic() + (typeof seconds === 'number' ? seconds * 1_000 : 3_600_000) - SPARE_MS })
  return token
}

/** The host does not take it any more. */
export function forgetCloudToken(consumer: OauthConsumer): void {
  kept.delete(keyOf(consumer))
}

const keyOf = ({ url, key, secret }: OauthConsumer): string => [url, key, createHash('sha256').update(secret).digest('hex')].join('\n')
