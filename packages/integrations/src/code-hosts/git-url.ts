/** Where a repository is, as its URL says; the owner may have slashes (GitLab's groups). */
export type GitUrl = { host: string; owner: string; repository: string }

const form = /^(?:https?:\/\/|ssh:\/\/|git:\/\/|)(?:[^@]*@)?([^/:]+)(?::(?:[0-9]+\/)?|\/)(?:(.+)\/)?([^/]+?)(?:\.git)?\/?$/

/** https://host/owner/repo(.git), ssh://git@host:22/owner/repo, git@host:owner/repo.git; null: no such form, or no owner in it. */
export function parseGitUrl(url: string): GitUrl | null {
  const [, host, owner, repository] = form.exec(url) ?? []
  if (host === undefined || owner === undefined || repository === undefined) return null
  return { host, owner: owner.replace(/^\/+/, ''), repository }
}
