import type { Json } from '@yardmaster/domain'
import { z } from 'zod'
import { asksToSkip, changeProperties, found, none, readPayload, whitelisted } from '../hook-payload.js'
import type { HookChange, HookReader, HookReading, HookSubject, ReadOptions } from '../hook-reader.js'
import { checkBitbucketSignature, idleEvent, isBitbucketSigned } from './signature.js'

const links = z.object({ self: z.array(z.object({ href: z.string() })).optional(), clone: z.array(z.object({ href: z.string(), name: z.string() })).optional() }).optional()
const repository = z.object({ slug: z.string(), project: z.object({ key: z.string(), name: z.string().optional() }), links })
const actor = z.object({ name: z.string().default(''), displayName: z.string().default('') })

const refsChanged = z.object({
  actor, repository, date: z.string().optional(),
  changes: z.array(z.object({ ref: z.object({ id: z.string(), displayId: z.string(), type: z.string() }), toHash: z.string(), type: z.string() })),
  toCommit: z.object({ id: z.string(), message: z.string().default('') }).nullish(),
})

const side = z.object({ id: z.string(), displayId: z.string(), latestCommit: z.string(), repository })
const pullPayload = z.object({
  actor, pullRequest: z.object({ id: z.number().int(), title: z.string().default(''), links, fromRef: side, toRef: side }),
})

const categories: { [event: string]: string } = {
  'pr:opened': 'pull-created', 'pr:from_ref_updated': 'pull-updated', 'pr:modified': 'pull-updated', 'pr:merged': 'pull-fulfilled', 'pr:declined': 'pull-rejected',
}

/** The webhooks of Bitbucket Server and Data Center. */
export const bitbucketServerHook: HookReader = {
  forms: false,
  isSigned: isBitbucketSigned,
  verify: checkBitbucketSignature,
  eventHeader: 'X-Event-Key',
  event: header => header('x-event-key'),
  delivery: header => header('x-request-id'),
  subject,
  read(event, payload, options) {
    if (event === 'repo:refs_changed') return pushChanges(readPayload(refsChanged, event, payload), options)
    const category = categories[event]
    return category === undefined ? none(idleEvent(event)) : pullRequestChange(category, readPayload(pullPayload, event, payload), { payload, options })
  },
}

type Repository = z.infer<typeof repository>

/** Its page without the last part, as Buildbot tells it; else where it is cloned from. */
function addressOf({ links }: Repository): string {
  return links?.self?.[0]?.href.replace(/browse$/, '') ?? links?.clone?.find(({ name }) => name.startsWith('http'))?.href ?? links?.clone?.[0]?.href ?? ''
}

const told = z.object({
  repository: repository.optional().catch(undefined), actor: actor.optional().catch(undefined),
  pullRequest: z.object({ toRef: z.object({ repository }) }).optional().catch(undefined),
})

function subject(payload: unknown): HookSubject {
  const { repository: named, actor, pullRequest } = told.catch({}).parse(payload)
  const repository = named ?? pullRequest?.toRef.repository
  return {
    fullName: repository ? `${repository.project.key}/${repository.slug}` : '', repository: repository ? addressOf(repository) : '',
    project: repository?.project.name ?? repository?.project.key ?? '', sender: actor?.name ?? '',
  }
}

const authorOf = ({ displayName, name }: z.infer<typeof actor>) => `${displayName} <${name}>`

function pushChanges({ actor, repository, changes: moved, toCommit }: z.infer<typeof refsChanged>, { codebase, skips }: ReadOptions): HookReading {
  const changes = moved.flatMap(({ ref, toHash, type }): HookChange[] => {
    const message = toCommit?.id === toHash ? toCommit.message : ''
    if (type === 'DELETE' || asksToSkip(message, skips)) return []
    const address = addressOf(repository)
    return [{
      author: authorOf(actor), committer: null, comments: message || `Bitbucket Server commit ${toHash}`, branch: ref.id, revision: toHash, revlink: address === '' ? null : `${address}commits/${toHash}`,
      repository: address, project: repository.project.name ?? repository.project.key, codebase, category: 'push', files: [], whenAt: null, properties: changeProperties({ event: 'repo:refs_changed' }),
    }]
  })
  return changes.length > 0 ? found(changes) : none('no change found: refs were deleted, or ask to skip CI')
}

function pullRequestChange(category: string, { actor, pullRequest: pull }: z.infer<typeof pullPayload>, { payload, options }: { payload: unknown; options: ReadOptions }): HookReading {
  const open = category === 'pull-created' || category === 'pull-updated'
  if (open && asksToSkip(pull.title, options.skips)) return none('no change found: the title of the pull request asks to skip CI')
  const { repository } = pull.toRef
  const url = pull.links?.self?.[0]?.href ?? null
  const branch = open ? `refs/pull-requests/${pull.id}/merge` : (category === 'pull-fulfilled' ? pull.toRef : pull.fromRef).id
  const change: HookChange = {
    author: authorOf(actor), committer: null, comments: `Bitbucket Server Pull Request #${pull.id}`, branch, revision: open ? pull.fromRef.latestCommit : null, revlink: url,
    repository: addressOf(repository), project: repository.project.name ?? repository.project.key, codebase: options.codebase, category, files: [], whenAt: null,
    properties: { ...whitelisted((payload as { pullRequest: Json }).pullRequest, 'bitbucket', options.propertyWhitelist), ...changeProperties({ pullrequesturl: url }) },
  }
  return found([change], open ? { pullRequest: pull.id, revision: pull.fromRef.latestCommit } : undefined)
}
