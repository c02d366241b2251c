/** Where a host shows a commit of `HOST/OWNER/REPOSITORY`. */
const hosts = new Map<string, (path: string, revision: string) => string>([
  ['github.com', (path, revision) => `https://github.com/${path}/commit/${revision}`],
  ['gitlab.com', (path, revision) => `https://gitlab.com/${path}/-/commit/${revision}`],
  ['bitbucket.org', (path, revision) => `https://bitbucket.org/${path}/commits/${revision}`],
  ['codeberg.org', (path, revision) => `https://codeberg.org/${path}/commit/${revision}`],
])

/** `https://host/path`, `ssh://user@host/path` and `user@host:path`, with or without `.git`. */
const address = /^(?:[a-z+]+:\/\/(?:[^@/]*@)?(?<host>[^/:]+)(?::\d+)?\/|(?:[^@/]+@)(?<scpHost>[^/:]+):)(?<path>.+?)(?:\.git)?\/?$/i

/** The page of a commit on one of the well-known hosts; null elsewhere. */
export function revlinkOf(repository: string, revision: string): string | null {
  const { host, scpHost, path } = address.exec(repository)?.groups ?? {}
  const link = hosts.get((host ?? scpHost ?? '').toLowerCase())
  return link && path ? link(path, revision) : null
}
