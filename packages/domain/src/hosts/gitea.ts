import { field, items, paged, pathOf, permissionOf, textAt } from './answers.js'
import type { HostKind } from './operations.js'

/** What Gitea gives at most unless it is set up otherwise. */
const PAGE = 50

/** Gitea's and Forgejo's. */
export const gitea: HostKind = {
  publicUrl: null,
  headers: token => ({ accept: 'application/json', authorization: `token ${token}` }),
  operations(repository, ask) {
    const at = `/repos/${pathOf(repository)}`
    const labelIds = async (path: string, label: string) => items((await ask({ method: 'GET', path })).body).filter(item => textAt(item, 'name') === label).map(item => Number(textAt(item, 'id')))
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
      files: async number => (await paged(ask, page => `${at}/pulls/${number}/files?limit=${PAGE}&page=${page}`, PAGE)).map(file => textAt(file, 'filename')),
      async addLabel(number, label) {
        // Older ones know labels by their numbers alone.
        const ids = await labelIds(`${at}/labels?limit=${PAGE}`, label)
        if (ids.length === 0) throw new Error(`${repository} has no label '${label}': make it there first`)
        await ask({ method: 'POST', path: `${at}/issues/${number}/labels`, body: { labels: ids } })
      },
      async removeLabel(number, label) {
        for (const id of await labelIds(`${at}/issues/${number}/labels`, label)) await ask({ method: 'DELETE', path: `${at}/issues/${number}/labels/${id}`, answers: [404] })
      },
      messageOf: async revision => textAt((await ask({ method: 'GET', path: `${at}/git/commits/${revision}` })).body, 'commit', 'message'),
    }
  },
}
