import type { Report } from '@yardmaster/domain'
import { parseGitUrl } from '../code-hosts/git-url.js'
import { onceEach, type Commit } from '../code-hosts/status-driver.js'
import { propertyText } from '../code-hosts/values.js'

/** How GitHub refuses a commit that it does not know. */
export const UNKNOWN_COMMIT = /No commit found for SHA/
const PULL = /^refs\/pull\/([0-9]+)\/(?:head|merge)$/

/** The pull request that a branch is of; null: it is none. */
export const pullOf = (branch: string | null): number | null => {
  const number = branch === null ? undefined : PULL.exec(branch)?.[1]
  return number === undefined ? null : Number(number)
}

/** `owner/repo` of a source stamp: its project where that is one, else as its URL says; null: neither does. */
export function githubRepository({ project, repository }: Report['sourcestamps'][number]): string | null {
  if (/^[^/]+\/[^/]+$/.test(project)) return project
  const url = parseGitUrl(repository)
  return url && `${url.owner}/${url.repository}`
}

/**
 * As Buildbot finds them: of each source stamp with a revision. A pull request's are of its head, which is what GitHub shows, also where its merge was built.
 */
export function githubCommits(report: Report): Commit[] {
  return onceEach(report.sourcestamps.flatMap(stamp => {
    const { revision, branch } = stamp
    const repository = githubRepository(stamp)
    const head = pullOf(branch) === null ? null : propertyText(report, 'github.head.sha')
    return repository === null || revision === null || revision === '' ? [] : [{ repository, sha: head ?? revision, branch }]
  }))
}
