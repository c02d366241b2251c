import type { Report } from '@yardmaster/domain'
import { propertyText } from '../code-hosts/commit-report.js'
import { parseGitUrl } from '../code-hosts/git-url.js'

/** A commit that a status belongs to. */
export type GithubCommit = { repository: string; sha: string; branch: string | null }

const PULL = /^refs\/pull\/([0-9]+)\/(?:head|merge)$/

/** The pull request that a branch is of; null: it is none. */
export const pullOf = (branch: string | null): number | null => {
  const number = branch === null ? undefined : PULL.exec(branch)?.[1]
  return number === undefined ? null : Number(number)
}

/**
 * As Buildbot finds them: of each source stamp with a revision, in the repository that its project names (`owner/repo`), else its URL. A pull request's are of its head, which is
 * what GitHub shows, also where its merge was built.
 */
export function githubCommits(report: Report): GithubCommit[] {
  const commits = report.sourcestamps.flatMap(({ project, repository: url, revision, branch }) => {
    const parsed = parseGitUrl(url)
    const repository = /^[^/]+\/[^/]+$/.test(project) ? project : parsed && `${parsed.owner}/${parsed.repository}`
    const head = pullOf(branch) === null ? null : propertyText(report, 'github.head.sha')
    const sha = revision === null || revision === '' ? null : head ?? revision
    return repository === null || sha === null ? [] : [{ repository, sha, branch }]
  })
  return commits.filter((commit, index) => commits.findIndex(other => other.repository === commit.repository && other.sha === commit.sha) === index)
}
