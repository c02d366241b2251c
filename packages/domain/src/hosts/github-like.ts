import { field, items, permissionOf, textAt, type Ask } from './answers.js'
import type { HostOperations } from './operations.js'

/** What Gitea took over from GitHub's API as it is. `at`: the repository's path. */
export function githubLike(at: string, ask: Ask): Pick<HostOperations, 'comment' | 'permissionOf' | 'pullRequest'> {
  return {
    comment: async (number, text) => void await ask({ method: 'POST', path: `${at}/issues/${number}/comments`, body: { body: text } }),
    async permissionOf(user) {
      const { status, body } = await ask({ method: 'GET', path: `${at}/collaborators/${encodeURIComponent(user)}/permission`, answers: [404] })
      return status === 404 ? 'none' : permissionOf(textAt(body, 'permission'))
    },
    async pullRequest(number) {
      const { body } = await ask({ method: 'GET', path: `${at}/pulls/${number}` })
      return {
        number, title: textAt(body, 'title'), author: textAt(body, 'user', 'login'), state: field(body, 'merged') === true ? 'merged' : field(body, 'state') === 'open' ? 'open' : 'closed',
        draft: field(body, 'draft') === true, headSha: textAt(body, 'head', 'sha'), headRef: textAt(body, 'head', 'ref'), baseRef: textAt(body, 'base', 'ref'),
        labels: items(field(body, 'labels')).map(label => textAt(label, 'name')), url: textAt(body, 'html_url'),
      }
    },
  }
}
