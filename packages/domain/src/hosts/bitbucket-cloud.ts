import type { Json } from '../json.js'
import { field, items, pathOf, permissionOf, textAt } from './answers.js'
import type { HostKind } from './operations.js'

const MOST_PAGES = 40
const noLabels = () => Promise.reject(new Error('Bitbucket has no labels'))

export const bitbucketCloud: HostKind = {
  publicUrl: 'https://api.bitbucket.org/2.0',
  // A colon is in an app password's name:password, and in no access token.
  headers: token => ({ authorization: token.includes(':') ? `Basic ${btoa(token)}` : `Bearer ${token}` }),
  operations(repository, ask) {
    const at = `/repositories/${pathOf(repository)}`
    const [workspace = ''] = repository.split('/')
    return {
      comment: async (number, text) => void await ask({ method: 'POST', path: `${at}/pullrequests/${number}/comments`, body: { content: { raw: text } } }),
      async permissionOf(user) {
        const query = encodeURIComponent(`user.nickname="${user.replaceAll(/["\\]/g, '')}"`)
        const { body } = await ask({ method: 'GET', path: `/workspaces/${encodeURIComponent(workspace)}/permissions/repositories/${encodeURIComponent(repository.split('/')[1] ?? '')}?q=${query}` })
        return permissionOf(textAt(items(field(body, 'values'))[0], 'permission'))
      },
      async pullRequest(number) {
        const { body } = await ask({ method: 'GET', path: `${at}/pullrequests/${number}` })
        const state = textAt(body, 'state')
        return {
          number, title: textAt(body, 'title'), author: textAt(body, 'author', 'nickname'), state: state === 'OPEN' ? 'open' : state === 'MERGED' ? 'merged' : 'closed', draft: field(body, 'draft') === true,
          headSha: textAt(body, 'source', 'commit', 'hash'), headRef: textAt(body, 'source', 'branch', 'name'), baseRef: textAt(body, 'destination', 'branch', 'name'), labels: [], url: textAt(body, 'links', 'html', 'href'),
        }
      },
      async files(number) {
        const found: Json[] = []
        for (let page = 1; page <= MOST_PAGES; page++) {
          const { body } = await ask({ method: 'GET', path: `${at}/pullrequests/${number}/diffstat?pagelen=100&page=${page}` })
          found.push(...items(field(body, 'values')))
          if (field(body, 'next') === null) break
        }
        return found.map(file => textAt(file, 'new', 'path') || textAt(file, 'old', 'path'))
      },
      addLabel: noLabels,
      removeLabel: noLabels,
      messageOf: async revision => textAt((await ask({ method: 'GET', path: `${at}/commit/${revision}` })).body, 'message'),
    }
  },
}
