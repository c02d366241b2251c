import { branches, codebases, commitGraphs, commits, testResultSets, type ResourceType } from '@yardmaster/rest'
import type { Endpoint } from './endpoint.js'

/** Of repositories we keep changes, and no graph of commits: these answer as Buildbot does where nobody configured a codebase. */
const none = (type: ResourceType, path: string): Endpoint => ({ path, type, kind: 'collection', answer: () => Promise.resolve({ rows: [], total: 0 }) })
const nothing = (type: ResourceType, path: string): Endpoint => ({ path, type, kind: 'single', answer: () => Promise.resolve(null) })

const range = '/codebases/:codebaseid/commit_range/:commitid1/:commitid2'

export const codebaseEndpoints: Endpoint[] = [
  none(codebases, '/codebases'),
  nothing(codebases, '/codebases/:codebaseid'),
  nothing(codebases, '/projects/:projectid/codebases/:codebasename'),
  none(branches, '/codebases/:codebaseid/branches'),
  nothing(branches, '/branches/:branchid'),
  none(commits, '/codebases/:codebaseid/commits'),
  nothing(commits, '/codebases/:codebaseid/commits_by_revision/:revision'),
  nothing(commits, '/commits/:commitid'),
  nothing(commitGraphs, `${range}/commits_common_parent`),
  none(testResultSets, `${range}/test_result_sets`),
]
