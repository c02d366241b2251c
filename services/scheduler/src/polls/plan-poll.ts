import type { GitPollerConfig, Json } from '@yardmaster/domain'
import type { Heads, Listing } from './list-heads.js'
import { selects, type Selection } from './refs.js'

/** How far a poller has read, as it is stored. */
export type PollState = Selection & { repository: string; heads: Heads; empty: boolean }

export type PollPlan = {
  /** Heads that count as read: known before, or met for the first time with nothing to compare to. */
  read: Heads
  /** Branches whose new commits are to be read, in order. */
  branches: string[]
  /** Revisions known before, also those of branches that are gone: the new name of a renamed branch brings nothing new. */
  known: string[]
}

/** What is stored, if it is of the same repository. Null: this is the first poll. */
export function pollState(stored: Json, source: Pick<GitPollerConfig, 'repository'>): PollState | null {
  if (stored === null || typeof stored !== 'object' || Array.isArray(stored) || stored['repository'] !== source.repository) return null
  return stored as PollState
}

/** Names of branches that are there now and were not before. */
export function unknownBranches(previous: PollState, { heads }: Listing): string[] {
  return Object.keys(heads).filter(branch => previous.heads[branch] === undefined)
}

export type Watched = Pick<GitPollerConfig, 'branches'> & {
  /** Of the branches met for the first time, those that the function which chose then would have chosen. */
  chosenBefore?: ReadonlySet<string>
}

/**
 * What a poll has to read, as Buildbot does it: the first poll takes the branches as they are; later, a branch that moved and a branch that is new
 * are read, a branch that is gone is forgotten. A branch that the configuration has only now begun to watch is taken as it is,
 * and so is the first one found in a repository that had others before.
 */
export function planPoll(previous: PollState | null, { branches, chosenBefore }: Watched, { heads }: Listing): PollPlan {
  const read: Heads = {}
  const moved: string[] = []
  for (const [branch, revision] of Object.entries(heads)) {
    const known = previous?.heads[branch]
    if (previous === null || known === revision || (known === undefined && !isNew(previous, branch, chosenBefore))) read[branch] = revision
    else {
      if (known !== undefined) read[branch] = known
      moved.push(branch)
    }
  }
  const order = new Map(Array.isArray(branches) ? branches.map((branch, index) => [branch, index]) : [])
  const place = (branch: string) => order.get(branch) ?? order.size
  moved.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
  return { read, branches: moved, known: Object.values(previous?.heads ?? {}) }
}

function isNew(previous: PollState, branch: string, chosenBefore: ReadonlySet<string> | undefined): boolean {
  const watched = chosenBefore?.has(branch) ?? (isDefaultBranch(previous) || selects(previous, branch))
  return watched && (previous.empty || Object.keys(previous.heads).length > 0)
}

/** The default branch was watched: another one that is it now goes on where the former was. */
function isDefaultBranch({ branches, branchPatterns = [], onlyTags = false }: PollState): boolean {
  return branches === null && branchPatterns.length === 0 && !onlyTags
}
