import type { Json } from '../json.js'
import { field, items, permissionOf, textAt } from './answers.js'
import type { HostKind } from './operations.js'

const MOST_PAGES = 40
const noLabels = () => Promise.reject(new Error('Bitbucket has no labels'))

/** Bitbucket Server's and Data Center's; `repository`: `KEY/slug`. */
export const bitbucketServer: HostKind = {
  publicUrl: null,
  headers: token => ({ authorization: `Bearer ${token}`, 'x-atlassian-token': 'no-check' }),
  operations(repository, ask) {
    const [key = '', slug = ''] = repository.split('/')
    const at = `/projects/${encodeURIComponent(key)}/repos/${encodeURIComponent(slug)}`
    return {
      comment: async (number, text) => void await ask({ method: 'POST', path: `${at}/pull-requests/${number}/comments`, body: { text } }),
      async permissionOf(user) {
        const { body } = await ask({ method: 'GET', path: `${at}/permissions/users?filter=${encodeURIComponent(user)}` })
        return permissionOf(textAt(items(field(body, 'values')).find(item => textAt(item, 'user', 'name') === user), 'permission'))
      },
      async pullRequest(number) {
        const { body } = await ask({ method: 'GET', path: `${at}/pull-requests/${number}` })
        const state = textAt(body, 'state')
        return {
          number, title: textAt(body, 'title'), author: textAt(body, 'author', 'user', 'name'), state: state === 'OPEN' ? 'open' : state === 'MERGED' ? 'merged' : 'closed', draft: field(body, 'draft') === true,
          headSha: textAt(body, 'fromRef', 'latestCommit'), headRef: textAt(body, 'fromRef', 'displayId'), baseRef: textAt(body, 'toRef', 'displayId'), labels: [], url: textAt(items(field(body, 'links', 'self'))[0], 'href'),
        }
      },
      async files(number) {
        const found: Json[] = []
        for (let start = 0, page = 0; page < MOST_PAGES; page++) {
          const { body } = await ask({ method: 'GET', path: `${at}/pull-requests/${number}/changes?limit=500&start=${start}` })
          found.push(...items(field(body, 'values')))
          if (field(body, 'isLastPage') !== false) break
          start = Number(textAt(body, 'nextPageStart'))
        }
        return found.map(file => textAt(file, 'path', 'toString'))
      },
      addLabel: noLabels,
      removeLabel: noLabels,
      messageOf: async revision => textAt((await ask({ method: 'GET', path: `${at}/commits/${revision}` })).body, 'message'),
    }
  },
}
