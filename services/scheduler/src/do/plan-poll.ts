import type { GitPollerConfig, Json } from '@yardmaster/domain'
import type { Heads, Listing } from './list-heads.js'

/** How far a poller has read, as it is stored. */
export type PollState = { repository: string; branches: string[] | true; heads: Heads; empty: boolean }

type Watched = Pick<GitPollerConfig, 'repository' | 'branches'>

export type PollPlan = {
  /** Heads that count as read: known before, or met for the first time with nothing to compare to. */
  read: Heads
  /** Branches whose new commits are to be read, in order. */
  branches: string[]
  /** Revisions known before, also those of branches that are gone: the new name of a renamed branch brings nothing new. */
  known: string[]
}

/** What is stored, if it is of the same repository. Null: this is the first poll. */
export function pollState(stored: Json, source: Watched): PollState | null {
  if (stored === null || typeof stored !== 'object' || Array.isArray(stored) || stored['repository'] !== source.repository) return null
  return stored as PollState
}

/**
 * What a poll has to read, as Buildbot does it: the first poll takes the branches as they are; later, a branch that moved and a branch that is new
 * are read, a branch that is gone is forgotten. A branch that the configuration has only now begun to watch is taken as it is,
 * and so is the first one found in a repository that had others before.
 */
export function planPoll(previous: PollState | null, { branches }: Watched, { heads }: Listing): PollPlan {
  const read: Heads = {}
  const moved: string[] = []
  for (const [branch, revision] of Object.entries(heads)) {
    const known = previous?.heads[branch]
    if (previous === null || known === revision || (known === undefined && !isNew(previous, branch))) read[branch] = revision
    else {
      if (known !== undefined) read[branch] = known
      moved.push(branch)
    }
  }
  const order = branches === true ? [] : branches
  moved.sort((a, b) => order.indexOf(a) - order.indexOf(b) || (a < b ? -1 : 1))
  return { read, branches: moved, known: Object.values(previous?.heads ?? {}) }
}

function isNew(previous: PollState, branch: string): boolean {
  const watched = previous.branches === true || previous.branches.includes(branch)
  return watched && (previous.empty || Object.keys(previous.heads).length > 0)
}
