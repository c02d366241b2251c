import type { HookReader } from '../hook-reader.js'
import { HookError } from '../hook-error.js'
import { checkSignature } from '../hook-signature.js'
import { readGithubEvent } from './read-event.js'
import { githubSubject } from './subject.js'

const header = 'X-Hub-Signature-256'

/** GitHub's webhooks: their HMAC is of SHA-256, which it sends beside the SHA-1 that it keeps for old receivers. */
export const githubHook: HookReader = {
  forms: true,
  isSigned: header => header('x-hub-signature-256') !== undefined || header('x-hub-signature') !== undefined,
  verify(body, headerOf, secret) {
    const given = headerOf(header)
    if (given !== undefined) return checkSignature(body, given, { secret, header, prefix: 'sha256=' })
    if (headerOf('x-hub-signature') !== undefined) throw new HookError(401, `only X-Hub-Signature is there, which is of SHA-1 and is not taken: GitHub sends ${header} too, so whoever stands between must pass it on`)
    throw new HookError(401, `the header ${header} is missing: give the webhook at GitHub the secret of the configuration`)
  },
  eventHeader: 'X-GitHub-Event',
  event: header => header('x-github-event'),
  delivery: header => header('x-github-delivery'),
  subject: githubSubject,
  read: readGithubEvent,
}
