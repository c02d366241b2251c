import { field, items, paged, pathOf, permissionOf, textAt } from './answers.js'
import type { HostKind } from './operations.js'

const PAGE = 100

export const github: HostKind = {
  publicUrl: 'https://api.github.com',
  headers: token => ({ accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28', authorization: `Bearer ${token}` }),
  operations(repository, ask) {
    const at = `/repos/${pathOf(repository)}`
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
      files: async number => (await paged(ask, page => `${at}/pulls/${number}/files?per_page=${PAGE}&page=${page}`, PAGE)).map(file => textAt(file, 'filename')),
      addLabel: async (number, label) => void await ask({ method: 'POST', path: `${at}/issues/${number}/labels`, body: { labels: [label] } }),
      removeLabel: async (number, label) => void await ask({ method: 'DELETE', path: `${at}/issues/${number}/labels/${encodeURIComponent(label)}`, answers: [404] }),
      messageOf: async revision => textAt((await ask({ method: 'GET', path: `${at}/commits/${revision}` })).body, 'commit', 'message'),
    }
  },
}
