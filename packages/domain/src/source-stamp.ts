export type Patch = { level: number; body: string; subdir: string; author: string; comment: string }

/** What a build is of: one codebase at one place in its history, perhaps with a patch. */
export type SourceStampData = {
  codebase: string
  repository: string
  project: string
  /** null: the repository's default branch. */
  branch: string | null
  /** null: the newest of the branch when the build gets its source. */
  revision: string | null
  patch?: Patch | null
}

/** Equal for equal source stamps and for no others: for finding the stored row of one that is met again. */
export function sourceStampKey(stamp: SourceStampData): string {
  const { codebase, repository, project, branch, revision, patch } = stamp
  const patchKey = patch ? [patch.level, patch.body, patch.subdir, patch.author, patch.comment] : null
  return JSON.stringify([codebase, repository, project, branch, revision, patchKey])
}
