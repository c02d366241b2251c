import { HookError } from '../hook-error.js'
import type { Header } from '../hook-reader.js'
import { checkSignature } from '../hook-signature.js'

const header = 'X-Hub-Signature'

export const isBitbucketSigned = (headerOf: Header) => headerOf(header) !== undefined

/** Both kinds of Bitbucket sign alike. */
export function checkBitbucketSignature(body: Buffer, headerOf: Header, secret: string): void {
  const given = headerOf(header)
  if (given === undefined) throw new HookError(401, `the header ${header} is missing: give the webhook at Bitbucket the secret of the configuration`)
  checkSignature(body, given, { secret, header, prefix: 'sha256=' })
}

export const idleEvent = (event: string) => (event === 'diagnostics:ping' ? 'pong' : `no change found: the event '${event}' is not one that makes changes`)
