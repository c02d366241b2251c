import { paged, pathOf, textAt } from './answers.js'
import { githubLike } from './github-like.js'
import type { HostKind } from './operations.js'

const PAGE = 100

export const github: HostKind = {
  publicUrl: 'https://api.github.com',
  headers: token => ({ accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28', authorization: `Bearer ${token}` }),
  operations(repository, ask) {
    const at = `/repos/${pathOf(repository)}`
    return {
      ...githubLike(at, ask),
      files: async number => (await paged(ask, page => `${at}/pulls/${number}/files?per_page=${PAGE}&page=${page}`, PAGE)).map(file => textAt(file, 'filename')),
      addLabel: async (number, label) => void await ask({ method: 'POST', path: `${at}/issues/${number}/labels`, body: { labels: [label] } }),
      removeLabel: async (number, label) => void await ask({ method: 'DELETE', path: `${at}/issues/${number}/labels/${encodeURIComponent(label)}`, answers: [404] }),
      messageOf: async revision => textAt((await ask({ method: 'GET', path: `${at}/commits/${revision}` })).body, 'commit', 'message'),
    }
  },
}
