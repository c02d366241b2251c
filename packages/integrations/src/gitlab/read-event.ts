import { z } from 'zod'
import { asksToSkip, branchOf, changeProperties, commit, filesOf, found, instant, nameOf, none, person, readPayload } from '../hook-payload.js'
import type { HookChange, HookReading, ReadOptions } from '../hook-reader.js'

const push = z.object({
  ref: z.string(), after: z.string().default(''), checkout_sha: z.string().nullish(), user_name: z.string().default(''), user_email: z.string().nullish(),
  project: z.object({ web_url: z.string() }).optional(), repository: z.object({ name: z.string(), url: z.string() }), commits: z.array(commit).default([]),
})

const side = z.object({ name: z.string(), git_http_url: z.string(), git_ssh_url: z.string() })
const mergeRequest = {
  iid: z.number().int(), title: z.string(), description: z.string().nullish(), url: z.string().optional(), state: z.string().optional(),
  source_branch: z.string(), target_branch: z.string(), source_project_id: z.number().nullish(), target_project_id: z.number().nullish(),
  source: side.nullish(), target: side, last_commit: z.object({ id: z.string(), message: z.string(), timestamp: instant, author: person }),
}
const mergePayload = z.object({ object_attributes: z.object({ ...mergeRequest, action: z.string().optional(), oldrev: z.string().optional() }) })
const notePayload = z.object({ object_attributes: z.object({ note: z.string(), url: z.string().optional() }), merge_request: z.object(mergeRequest).optional() })

/**
 * GitLab's message as Buildbot's changes: a push has one per commit, a merge request one, and so has a note on it.
 * Throws HookError (400) when the payload is not what GitLab documents for the event.
 */
export function readGitlabEvent(event: string, payload: unknown, options: ReadOptions): HookReading {
  switch (event) {
    case 'push': case 'tag_push': return pushChanges(event, readPayload(push, event, payload), options)
    case 'merge_request': return mergeRequestChanges(readPayload(mergePayload, event, payload), options)
    case 'note': return noteChanges(readPayload(notePayload, event, payload), options)
    default: return none(`no change found: the event '${event}' is not one that makes changes`)
  }
}

function pushChanges(event: string, { ref, after, checkout_sha: head, commits, repository, ...pushed }: z.infer<typeof push>, { codebase, skips }: ReadOptions): HookReading {
  const branch = branchOf(ref)
  if (branch === null) return none(`no change found: '${ref}' is neither a branch nor a tag`)
  if (/^0+$/.test(after)) return none(`no change found: '${ref}' was deleted`)
  const newest = commits.at(-1)
  if (newest && asksToSkip(newest.message, skips)) return none('no change found: the newest commit asks to skip CI')
  const common = { branch: branch.name, repository: repository.url, project: repository.name, codebase, category: event }
  const distinct = commits.filter(item => item.distinct)
  if (distinct.length > 0) {
    return found(distinct.map((item): HookChange => ({
      ...common, author: nameOf(item.author), committer: item.committer ? nameOf(item.committer) : null, comments: item.message, revision: item.id, revlink: item.url,
      files: filesOf(item), whenAt: item.timestamp, properties: changeProperties({ event }),
    })))
  }
  // A new branch or tag at a commit that was there already is told without commits.
  if (commits.length > 0 || !head) return none('no change found: it has no commit that is new')
  return found([{
    ...common, author: nameOf({ name: pushed.user_name, email: pushed.user_email }), committer: null, comments: `${branch.kind === 'tags' ? 'tag' : 'branch'} ${branch.name}`, revision: head,
    revlink: pushed.project ? `${pushed.project.web_url}/-/commit/${head}` : null, files: [], whenAt: null, properties: changeProperties({ event }),
  }])
}

type MergeRequest = z.infer<z.ZodObject<typeof mergeRequest>>

function mergeRequestChanges({ object_attributes: { action, oldrev, ...merge } }: z.infer<typeof mergePayload>, options: ReadOptions): HookReading {
  const name = `merge request !${merge.iid}`
  if (['closed', 'merged', 'approved'].includes(merge.state ?? '')) return none(`no change found: ${name} is ${merge.state}`)
  if (action !== 'open' && action !== 'reopen' && !(action === 'update' && oldrev !== undefined)) return none(`no change found: a merge request with the action '${action ?? ''}' and no new commit is not built`)
  if (asksToSkip(merge.title, options.skips) || asksToSkip(merge.last_commit.message, options.skips)) return none(`no change found: ${name} asks to skip CI`)
  return found([changeOf('merge_request', merge, options)], { pullRequest: merge.iid, revision: merge.last_commit.id })
}

function noteChanges({ object_attributes: note, merge_request: merge }: z.infer<typeof notePayload>, options: ReadOptions): HookReading {
  if (!merge) return none('no change found: the note is not on a merge request')
  const change = changeOf('note', merge, options)
  return found([{ ...change, revlink: change.revlink ?? note.url ?? null, properties: { ...change.properties, ...changeProperties({ comments: note.note }) } }], { pullRequest: merge.iid, revision: merge.last_commit.id })
}

function changeOf(event: string, { source, target, last_commit: head, ...merge }: MergeRequest, { codebase }: ReadOptions): HookChange {
  return {
    author: nameOf(head.author), committer: null, comments: `MR#${merge.iid}: ${merge.title}\n\n${merge.description ?? ''}`, branch: merge.target_branch, revision: head.id,
    revlink: merge.url ?? null, repository: target.git_http_url, project: target.name, codebase, category: event, files: [], whenAt: head.timestamp,
    properties: changeProperties({
      event, source_branch: merge.source_branch, source_project_id: merge.source_project_id ?? null, target_branch: merge.target_branch, target_project_id: merge.target_project_id ?? null,
      source_repository: source?.git_http_url ?? null, source_git_ssh_url: source?.git_ssh_url ?? null, target_repository: target.git_http_url, target_git_ssh_url: target.git_ssh_url,
    }),
  }
}
