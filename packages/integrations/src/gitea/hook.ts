import { z } from 'zod'
import { HookError } from '../hook-error.js'
import type { Header, HookReader, HookSubject } from '../hook-reader.js'
import { checkSignature } from '../hook-signature.js'
import { readGiteaEvent } from './read-event.js'

/** Forgejo says both its own names and Gitea's. */
const either = (headerOf: Header, name: string) => headerOf(`x-gitea-${name}`) ?? headerOf(`x-forgejo-${name}`)
const header = 'X-Gitea-Signature'

export const giteaHook: HookReader = {
  forms: true,
  // Empty where the webhook has no secret.
  isSigned: headerOf => (either(headerOf, 'signature') ?? '') !== '',
  verify(body, headerOf, secret) {
    const given = either(headerOf, 'signature') ?? ''
    if (given === '') throw new HookError(401, `the header ${header} is missing or empty: give the webhook at Gitea the secret of the configuration`)
    checkSignature(body, given, { secret, header, prefix: '' })
  },
  eventHeader: 'X-Gitea-Event',
  event: headerOf => either(headerOf, 'event'),
  delivery: headerOf => either(headerOf, 'delivery'),
  subject,
  read: readGiteaEvent,
}

const told = z.object({
  repository: z.object({ full_name: z.string(), ssh_url: z.string() }).optional().catch(undefined),
  sender: z.object({ username: z.string().optional(), login: z.string().optional() }).optional().catch(undefined),
})

function subject(payload: unknown): HookSubject {
  const { repository, sender } = told.catch({}).parse(payload)
  return { fullName: repository?.full_name ?? '', repository: repository?.ssh_url ?? '', project: repository?.full_name ?? '', sender: sender?.login ?? sender?.username ?? '' }
}
