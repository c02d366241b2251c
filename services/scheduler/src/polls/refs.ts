import type { GitPollerConfig } from '@yardmaster/domain'

const HEADS = 'refs/heads/'

/** What a change calls a ref: of a branch its name, of anything else the full name. */
export function branchOf(ref: string): string {
  const short = ref.startsWith(HEADS) ? ref.slice(HEADS.length) : ref
  return short.startsWith('refs/') ? ref : short
}

export function refOf(branch: string): string {
  return branch.startsWith('refs/') ? branch : HEADS + branch
}

/** Which refs are watched, as it is stored with how far they were read. */
export type Selection = Pick<GitPollerConfig, 'branches'> & Partial<Pick<GitPollerConfig, 'branchPatterns' | 'onlyTags'>> & {
  /** In which the function is, if it is one that chooses. */
  generation?: number
}

/** Whether a branch is watched; of a function it is not known here. */
export function selects({ branches, branchPatterns = [], onlyTags = false }: Selection, branch: string): boolean {
  if (onlyTags) return branch.startsWith('refs/tags/')
  if (branches === true) return !branch.startsWith('refs/')
  if (Array.isArray(branches) && branches.some(name => branchOf(name) === branch)) return true
  return branchPatterns.some(({ source, flags }) => new RegExp(source, flags).test(branch))
}

/** Names alone, so that the repository need not be asked for all. */
export function namesOnly({ branches, branchPatterns = [], onlyTags = false }: Selection): string[] | null {
  return Array.isArray(branches) && branchPatterns.length === 0 && !onlyTags ? branches : null
}
