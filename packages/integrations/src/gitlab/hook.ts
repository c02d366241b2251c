import { z } from 'zod'
import { HookError } from '../hook-error.js'
import type { HookReader, HookSubject } from '../hook-reader.js'
import { isSecret } from '../hook-signature.js'
import { readGitlabEvent } from './read-event.js'

const header = 'X-Gitlab-Token'

/** GitLab's webhooks: they say the secret itself. */
export const gitlabHook: HookReader = {
  forms: false,
  isSigned: headerOf => headerOf(header) !== undefined,
  verify(_body, headerOf, secret) {
    const given = headerOf(header)
    if (given === undefined) throw new HookError(401, `the header ${header} is missing: give the webhook at GitLab the secret token of the configuration`)
    if (!isSecret(given, secret)) throw new HookError(401, `${header} is not the secret of the configuration`)
  },
  eventHeader: 'X-Gitlab-Event',
  event: headerOf => eventOf(headerOf('x-gitlab-event')),
  // One event that several webhooks tell has one X-Gitlab-Event-UUID, and each of them an X-Gitlab-Webhook-UUID.
  delivery: headerOf => headerOf('idempotency-key') ?? headerOf('x-gitlab-event-uuid'),
  subject,
  read: readGitlabEvent,
}

/** 'Merge Request Hook' as the payload's object_kind has it: `merge_request`. */
const eventOf = (header: string | undefined) => header?.replace(/ Hook$/, '').toLowerCase().replaceAll(' ', '_')

const told = z.object({
  project: z.object({ path_with_namespace: z.string(), git_http_url: z.string(), name: z.string() }).optional().catch(undefined),
  user_username: z.string().optional().catch(undefined),
  user: z.object({ username: z.string() }).optional().catch(undefined),
})

function subject(payload: unknown): HookSubject {
  const { project, user_username: pusher, user } = told.catch({}).parse(payload)
  return { fullName: project?.path_with_namespace ?? '', repository: project?.git_http_url ?? '', project: project?.name ?? '', sender: user?.username ?? pusher ?? '' }
}
