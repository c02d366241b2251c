import type { NewChange } from '@yardmaster/db/verbs/add-change'
import { propertiesFrom } from '@yardmaster/domain'
import { z } from 'zod'
import { HookError } from './hook-error.js'

/** What of a message becomes changes; none: `note` says why. */
export type HookChanges = { changes: NewChange[]; note: string }

const skipMarks = [/\[ *skip *ci *\]/, /\[ *ci *skip *\]/]
const hasSkipMark = (text: string) => skipMarks.some(mark => mark.test(text))
const none = (note: string): HookChanges => ({ changes: [], note })

const person = z.object({ name: z.string().nullish(), email: z.string().nullish() })
const instant = z.iso.datetime({ offset: true }).transform(text => new Date(text))
const files = z.array(z.string()).default([])
const repository = z.object({ full_name: z.string(), html_url: z.string() })

const commit = z.object({
  id: z.string(), message: z.string(), timestamp: instant, url: z.string(), distinct: z.boolean().default(true),
  author: person, committer: person, added: files, modified: files, removed: files,
})

const push = z.object({
  ref: z.string(), created: z.boolean().default(false), deleted: z.boolean().default(false),
  head_commit: commit.nullable(), commits: z.array(commit), repository,
})

const pullRequest = z.object({
  action: z.string(), number: z.number().int(), repository, sender: z.object({ login: z.string() }),
  pull_request: z.object({
    title: z.string(), body: z.string().nullish(), commits: z.number().int(), created_at: instant, html_url: z.string(),
    head: z.object({ sha: z.string() }), base: z.object({ ref: z.string(), repo: z.object({ full_name: z.string() }) }),
  }),
})

/**
 * GitHub's message as Buildbot's changes: a push has one per commit (a new branch or a tag, its head), a pull request one.
 * Throws HookError (400) when the payload is not what GitHub documents for the event.
 */
export function readGithubHook(event: string, payload: unknown, { codebase }: { codebase: string }): HookChanges {
  switch (event) {
    case 'ping': return none('pong')
    case 'push': return pushChanges(read(push, event, payload), codebase)
    case 'pull_request': return pullRequestChanges(read(pullRequest, event, payload), codebase)
    default: return none(`no change found: the event '${event}' is not one that makes changes`)
  }
}

function read<T>(schema: z.ZodType<T>, event: string, payload: unknown): T {
  const found = schema.safeParse(payload)
  if (found.success) return found.data
  throw new HookError(400, `the payload is not that of a ${event} event: ${found.error.issues.slice(0, 5).map(issue => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`)
}

function pushChanges({ ref, created, deleted, head_commit: head, commits, repository: { full_name, html_url } }: z.infer<typeof push>, codebase: string): HookChanges {
  const [, kind, branch] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? []
  if (branch === undefined) return none(`no change found: '${ref}' is neither a branch nor a tag`)
  if (deleted || !head) return none(`no change found: '${ref}' was deleted`)
  if (hasSkipMark(head.message)) return none('no change found: the head commit asks to skip CI')
  const changes = (created || kind === 'tags' ? [head] : commits).map((item): NewChange => ({
    author: nameOf(item.author), committer: nameOf(item.committer), comments: item.message, branch, revision: item.id,
    revlink: item.url, repository: html_url, project: full_name, codebase, category: kind === 'tags' ? 'tag' : null,
    files: [...item.added, ...item.modified, ...item.removed], whenAt: item.timestamp,
    properties: propertiesFrom({ github_distinct: item.distinct, event: 'push' }, 'Change'),
  }))
  return { changes, note: `${changes.length} change found` }
}

const nameOf = ({ name, email }: z.infer<typeof person>) => `${name ?? ''} <${email ?? ''}>`.trim()

/** Which files it touches and what its head commit says, only GitHub's API knows: nothing outside is asked while GitHub waits for our answer. */
function pullRequestChanges({ action, number, sender, repository: { html_url }, pull_request: pull }: z.infer<typeof pullRequest>, codebase: string): HookChanges {
  if (!['opened', 'reopened', 'synchronize'].includes(action)) return none(`no change found: a pull request that is ${action} is not built`)
  if (hasSkipMark(pull.title)) return none('no change found: the title of the pull request asks to skip CI')
  const commits = `${pull.commits} commit${pull.commits === 1 ? '' : 's'}`
  const change: NewChange = {
    author: sender.login, comments: `GitHub Pull Request #${number} (${commits})\n${pull.title}\n${pull.body ?? ''}`,
    branch: `refs/pull/${number}/merge`, revision: pull.head.sha, revlink: pull.html_url, repository: html_url,
    project: pull.base.repo.full_name, codebase, category: 'pull', files: [], whenAt: pull.created_at,
    properties: propertiesFrom({ pullrequesturl: pull.html_url, event: 'pull_request', basename: pull.base.ref }, 'Change'),
  }
  return { changes: [change], note: '1 change found' }
}
