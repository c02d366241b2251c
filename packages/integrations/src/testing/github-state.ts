import type { Json } from '@yardmaster/domain'

export type GithubStatus = { id: number; state: string; context: string; description: string | null; target_url: string | null; creator: string }
export type GithubCheckRun = {
  id: number; name: string; head_sha: string; status: string; conclusion: string | null; external_id: string; details_url: string | null; app: string
  output: { title: string | null; summary: string | null; text: string | null; annotations: Json[] }
}
export type GithubComment = { id: number; body: string; user: string }
export type GithubPull = { number: number; head: { sha: string; ref: string }; base: { ref: string }; title: string; files: { filename: string; previous_filename?: string }[] }

export type GithubRepository = {
  /** Message by sha; null: whatever is asked for is there. */
  commits: Map<string, string> | null
  /** In the order in which they were written, by sha. */
  statuses: Map<string, GithubStatus[]>
  checkRuns: GithubCheckRun[]
  /** By the number of the issue or pull request. */
  comments: Map<number, GithubComment[]>
  pulls: Map<number, GithubPull>
  labels: Map<number, string[]>
  /** admin, write, read or none, by login. */
  permissions: Map<string, string>
}

/** Who a token speaks for. `app`: an installation's token, which alone may write check runs. */
export type GithubActor = { login: string; right: 'write' | 'read'; app: string | null; repositories: string[] | null }

export function newRepository(commits: { [sha: string]: string } | null): GithubRepository {
  return {
    commits: commits && new Map(Object.entries(commits)), statuses: new Map(), checkRuns: [], comments: new Map(), pulls: new Map(), labels: new Map(), permissions: new Map(),
  }
}

export const known = (repository: GithubRepository, sha: string): boolean => repository.commits?.has(sha) ?? true

export function listIn<K, T>(lists: Map<K, T[]>, key: K): T[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}
