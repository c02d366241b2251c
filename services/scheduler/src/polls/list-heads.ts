import { branchOf, namesOnly, refOf, selects, type Selection } from './refs.js'
import type { Git } from './run-git.js'

/** Branch (of another ref, its full name) -> revision. */
export type Heads = { [branch: string]: string }

export type Listing = {
  /** Of the branches that are watched. */
  heads: Heads
  /** The repository has no branch at all: whatever comes is new. */
  empty: boolean
}

/** Answers which of these refs, by their full names, a user's function chooses. */
export type Choose = (refs: string[]) => Promise<boolean[]>

export type Lister = { git: Git; repository: string; selection: Selection; choose: Choose; signal: AbortSignal }

const TIMEOUT_MS = 60_000
const BRANCHES = 'refs/heads/*'

/** Asks the repository where its branches are; one round trip, whatever its size. */
export async function listHeads(lister: Lister): Promise<Listing> {
  const { selection, choose } = lister
  if (typeof selection.branches === 'object' && selection.branches !== null && '$fn' in selection.branches) {
    const all = await ask(lister, [])
    const names = Object.keys(all)
    const chosen = await choose(names.map(refOf))
    return { heads: Object.fromEntries(names.filter((_, index) => chosen[index]).map(name => [name, all[name]!])), empty: isEmpty(all) }
  }
  if (selection.branches === null && !selection.onlyTags && (selection.branchPatterns ?? []).length === 0) return defaultBranch(lister)
  const names = namesOnly(selection)
  const all = await ask(lister, names?.map(refOf) ?? patternsOf(selection))
  // git matches a pattern at the end of a name, too.
  const heads = Object.fromEntries(Object.entries(all).filter(([branch]) => selects(selection, branch)))
  return { heads, empty: isEmpty(heads) && isEmpty(await ask(lister, [BRANCHES])) }
}

function patternsOf({ branches, branchPatterns = [], onlyTags }: Selection): string[] {
  if (onlyTags) return ['refs/tags/*']
  const beyond = branchPatterns.some(({ source }) => source.includes('refs')) || (Array.isArray(branches) && branches.some(name => name.startsWith('refs/')))
  return beyond ? [] : [BRANCHES]
}

async function ask({ git, repository, signal }: Lister, patterns: string[]): Promise<Heads> {
  // Without --refs: of a tag that is an object, the commit follows it.
  return parse(await git({ args: ['ls-remote', '--', repository, ...patterns], timeoutMs: TIMEOUT_MS, signal }))
}

async function defaultBranch(lister: Lister): Promise<Listing> {
  const { git, repository, signal } = lister
  const output = await git({ args: ['ls-remote', '--symref', '--', repository, 'HEAD'], timeoutMs: TIMEOUT_MS, signal })
  const ref = /^ref: (\S+)\tHEAD$/m.exec(output)?.[1]
  const revision = /^([0-9a-f]{40,64})\tHEAD$/m.exec(output)?.[1]
  if (ref !== undefined && revision !== undefined) return { heads: { [branchOf(ref)]: revision }, empty: false }
  return { heads: {}, empty: isEmpty(await ask(lister, [BRANCHES])) }
}

function parse(output: string): Heads {
  const heads: Heads = {}
  for (const line of output.split('\n')) {
    const [revision = '', ref = ''] = line.split('\t')
    if (ref.startsWith('refs/')) heads[branchOf(ref.endsWith('^{}') ? ref.slice(0, -3) : ref)] = revision
  }
  return heads
}

function isEmpty(heads: Heads): boolean {
  for (const _ in heads) return false
  return true
}
