import { field, items, paged, textAt } from './answers.js'
import type { HostPermission } from './host-client.js'
import type { HostKind } from './operations.js'

const PAGE = 100
/** GitLab's access levels: Maintainer, Developer, Guest. */
const levels: [least: number, permission: HostPermission][] = [[40, 'admin'], [30, 'write'], [10, 'read']]

export const gitlab: HostKind = {
  publicUrl: 'https://gitlab.com/api/v4',
  headers: token => ({ authorization: `Bearer ${token}` }),
  operations(repository, ask) {
    const at = `/projects/${encodeURIComponent(repository)}`
    const merge = (number: number) => `${at}/merge_requests/${number}`
    return {
      comment: async (number, text) => void await ask({ method: 'POST', path: `${merge(number)}/notes`, body: { body: text } }),
      async permissionOf(user) {
        const found = await paged(ask, page => `${at}/members/all?query=${encodeURIComponent(user)}&per_page=${PAGE}&page=${page}`, PAGE)
        const level = Math.max(0, ...found.filter(member => textAt(member, 'username') === user).map(member => Number(textAt(member, 'access_level'))))
        return levels.find(([least]) => level >= least)?.[1] ?? 'none'
      },
      async pullRequest(number) {
        const { body } = await ask({ method: 'GET', path: merge(number) })
        const state = textAt(body, 'state')
        return {
          number, title: textAt(body, 'title'), author: textAt(body, 'author', 'username'), state: state === 'merged' ? 'merged' : state === 'opened' ? 'open' : 'closed',
          draft: field(body, 'draft') === true, headSha: textAt(body, 'sha'), headRef: textAt(body, 'source_branch'), baseRef: textAt(body, 'target_branch'),
          labels: items(field(body, 'labels')).map(label => textAt(label)), url: textAt(body, 'web_url'),
        }
      },
      files: async number => (await paged(ask, page => `${merge(number)}/diffs?per_page=${PAGE}&page=${page}`, PAGE)).map(file => textAt(file, 'new_path')),
      addLabel: async (number, label) => void await ask({ method: 'PUT', path: merge(number), body: { add_labels: label } }),
      removeLabel: async (number, label) => void await ask({ method: 'PUT', path: merge(number), body: { remove_labels: label } }),
      messageOf: async revision => textAt((await ask({ method: 'GET', path: `${at}/repository/commits/${revision}` })).body, 'message'),
    }
  },
}
