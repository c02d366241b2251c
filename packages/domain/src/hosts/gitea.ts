import { items, paged, pathOf, textAt } from './answers.js'
import { githubLike } from './github-like.js'
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
      ...githubLike(at, ask),
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
