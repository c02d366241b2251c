import type { Json } from '@yardmaster/domain'
import { z } from 'zod'
import { asksToSkip, changeProperties, found, none, readPayload, whitelisted } from '../hook-payload.js'
import type { HookChange, HookReader, HookReading, HookSubject, ReadOptions } from '../hook-reader.js'
import { checkBitbucketSignature, idleEvent, isBitbucketSigned } from './signature.js'

const link = z.object({ href: z.string() })
const repository = z.object({ full_name: z.string().default(''), project: z.object({ name: z.string() }).optional(), links: z.object({ self: link, html: link }) })
const actor = z.object({ display_name: z.string().default(''), nickname: z.string().default('') })

const ref = z.object({ type: z.string(), name: z.string(), target: z.object({ hash: z.string(), message: z.string().default('') }) })
const pushPayload = z.object({ repository, actor, push: z.object({ changes: z.array(z.object({ new: ref.nullish(), old: ref.nullish() })) }) })

const side = z.object({ branch: z.object({ name: z.string() }), commit: z.object({ hash: z.string() }) })
const pullPayload = z.object({ repository, actor, pullrequest: z.object({ id: z.number().int(), title: z.string().default(''), links: z.object({ html: link }), source: side, destination: side }) })

const categories: { [event: string]: string } = {
  'pullrequest:created': 'pull-created', 'pullrequest:updated': 'pull-updated', 'pullrequest:fulfilled': 'pull-fulfilled', 'pullrequest:rejected': 'pull-rejected',
}

/** Bitbucket Cloud's webhooks. */
export const bitbucketCloudHook: HookReader = {
  forms: false,
  isSigned: isBitbucketSigned,
  verify: checkBitbucketSignature,
  eventHeader: 'X-Event-Key',
  event: header => header('x-event-key'),
  delivery: header => header('x-request-uuid'),
  subject,
  read(event, payload, options) {
    if (event === 'repo:push') return pushChanges(readPayload(pushPayload, event, payload), options)
    const category = categories[event]
    return category === undefined ? none(idleEvent(event)) : pullRequestChange(category, readPayload(pullPayload, event, payload), { payload, options })
  },
}

const told = z.object({ repository: repository.optional().catch(undefined), actor: actor.optional().catch(undefined) })

function subject(payload: unknown): HookSubject {
  const { repository, actor } = told.catch({}).parse(payload)
  return { fullName: repository?.full_name ?? '', repository: repository?.links.self.href ?? '', project: repository?.project?.name ?? 'none', sender: actor?.nickname ?? '' }
}

const authorOf = ({ display_name: name, nickname }: z.infer<typeof actor>) => `${name} <${nickname}>`

const refNames: { [type: string]: string } = { branch: 'refs/heads/', tag: 'refs/tags/' }

/** One for each ref that was moved, also (as ref-deleted, at its last commit) for one that went. */
function pushChanges({ repository, actor, push }: z.infer<typeof pushPayload>, { codebase, skips }: ReadOptions): HookReading {
  const changes = push.changes.flatMap((moved): HookChange[] => {
    const ref = moved.new ?? moved.old
    if (!ref || asksToSkip(ref.target.message, skips)) return []
    const { hash } = ref.target
    return [{
      author: authorOf(actor), committer: null, comments: ref.target.message || `Bitbucket Cloud commit ${hash}`, branch: ref.type in refNames ? `${refNames[ref.type]}${ref.name}` : null, revision: hash,
      revlink: `${repository.links.html.href}/commits/${hash}`, repository: repository.links.self.href, project: repository.project?.name ?? 'none', codebase,
      category: moved.new ? 'push' : 'ref-deleted', files: [], whenAt: null, properties: changeProperties({ event: 'repo:push' }),
    }]
  })
  return changes.length > 0 ? found(changes) : none('no change found: nothing was moved, or it asks to skip CI')
}

function pullRequestChange(category: string, { repository, actor, pullrequest: pull }: z.infer<typeof pullPayload>, { payload, options }: { payload: unknown; options: ReadOptions }): HookReading {
  const open = category === 'pull-created' || category === 'pull-updated'
  if (open && asksToSkip(pull.title, options.skips)) return none('no change found: the title of the pull request asks to skip CI')
  const branch = open ? `refs/pull-requests/${pull.id}/merge` : `refs/heads/${(category === 'pull-fulfilled' ? pull.destination : pull.source).branch.name}`
  const change: HookChange = {
    author: authorOf(actor), committer: null, comments: `Bitbucket Cloud Pull Request #${pull.id}`, branch, revision: pull.source.commit.hash, revlink: pull.links.html.href,
    repository: repository.links.self.href, project: repository.project?.name ?? 'none', codebase: options.codebase, category, files: [], whenAt: null,
    properties: { ...whitelisted((payload as { pullrequest: Json }).pullrequest, 'bitbucket', options.propertyWhitelist), ...changeProperties({ pullrequesturl: pull.links.html.href }) },
  }
  return found([change], open ? { pullRequest: pull.id, revision: pull.source.commit.hash } : undefined)
}
