import type { HookHost } from './change-hook-config.js'
import { addressOf } from './repository-key.js'

export type HookTells = { repository: string; project: string; category: string | null }

/** What a host's push tells of a repository, as far as its address says so: sources that find what it did not tell make the same changes. */
export function asHookTells(host: HookHost, repository: string): HookTells {
  const address = addressOf(repository)
  if (address === null) return { repository, project: '', category: null }
  const path = address.path.replace(/\/+$/, '').replace(/\.git$/, '')
  const ssh = `git@${address.host}:${path}.git`
  switch (host) {
    case 'github': return { repository: `https://${address.host}/${path}`, project: path, category: null }
    case 'gitlab': return { repository: ssh, project: path.split('/').at(-1) ?? '', category: 'push' }
    case 'gitea': return { repository: ssh, project: path, category: 'push' }
    case 'bitbucketCloud': return { repository: `https://api.bitbucket.org/2.0/repositories/${path}`, project: 'none', category: 'push' }
    case 'bitbucketServer': return { repository, project: path.replace(/^scm\//, '').split('/')[0]?.toUpperCase() ?? '', category: 'push' }
    default: return host satisfies never
  }
}
