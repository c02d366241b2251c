/** `https://user@host:port/path`, `ssh://host/path` and `user@host:path`. */
const address = /^(?:[a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/+|(?:[^@/\s]+@)([^/:]+):\/*)(.+)$/i

/** Prefixes that a host has before a repository's own path, in some of its addresses. */
const forms: [RegExp, string][] = [
  [/^api\.bitbucket\.org\/2\.0\/repositories\//, 'bitbucket.org/'],
  [/^([^/]+)\/scm\//, '$1/'],
  [/^([^/]+)\/(?:projects|users)\/([^/]+)\/repos\/([^/]+)(?:\/.*)?$/, '$1/$2/$3'],
]

/** Where a repository is; null: here, as a path. */
export function addressOf(repository: string): { host: string; path: string } | null {
  const [, host, scpHost, path = ''] = address.exec(repository) ?? []
  const name = host ?? scpHost
  return name === undefined ? null : { host: name, path }
}

/** What all addresses of one repository have in common (`host/owner/name`, in lower case), whatever their scheme, user, port and `.git`. */
export function repositoryKey(repository: string): string {
  const at = addressOf(repository)
  const plain = at === null ? repository.replace(/^file:\/\//, '') : forms.reduce((left, [form, to]) => left.replace(form, to), `${at.host}/${at.path}`.toLowerCase())
  return plain.replace(/\/+$/, '').replace(/\.git$/, '').replace(/\/+$/, '')
}
