/** What is known of a patch without its text. `level`: how many folders are taken off the names in it; `subdir`: where it is applied. */
export type PatchInfo = { level: number; subdir: string; author: string; comment: string }
export type Patch = PatchInfo & { body: string }
/** One that is a row; its text is read where it is applied. */
export type StoredPatch = PatchInfo & { id: number }

/** What a build is of: one codebase at one place in its history, perhaps with a patch. */
export type SourceStampData = {
  codebase: string
  repository: string
  project: string
  /** null: the repository's default branch. */
  branch: string | null
  /** null: the newest of the branch when the build gets its source. */
  revision: string | null
  patch?: Patch | StoredPatch | null
}

/** Equal for equal source stamps and for no others: for finding the stored row of one that is met again. */
export function sourceStampKey(stamp: Omit<SourceStampData, 'patch'>, patchId: number | null = null): string {
  const { codebase, repository, project, branch, revision } = stamp
  return JSON.stringify([codebase, repository, project, branch, revision, patchId])
}
