import type { CancellerFilter, FailingBuildsetCanceller } from './canceller-config.js'
import type { ChangeData } from './change.js'
import type { SourceStampData } from './source-stamp.js'

/** A sourcestamp with the newest change of it; null: it is of none. */
export type CancelStamp = SourceStampData & { change: number | null }
/** A request that has not ended, or the one that failed. */
export type CancelRequest = { id: number; builder: string; buildset: number; stamps: CancelStamp[] }

/** Names of a review's changes whose iterations are one branch: Gerrit's, GitHub's, GitLab's, Bitbucket's. */
const REVIEWS = [/^(refs\/changes\/\d+\/\d+)\/\d+$/, /^((?:refs\/)?pull\/\d+)\/(?:merge|head)$/, /^((?:refs\/)?merge-requests\/\d+)\/(?:merge|head)$/, /^((?:refs\/)?pull-requests\/\d+)\/(?:merge|from)$/]

/** What stands for a sourcestamp's branch unless the configuration says otherwise. */
export function branchKeyOf({ branch }: SourceStampData): string | null {
  if (branch === null) return null
  return REVIEWS.map(review => review.exec(branch)?.[1]).find(found => found !== undefined) ?? branch
}

/** The sourcestamp as a change filter sees it. */
export function filtered(stamp: SourceStampData): ChangeData {
  const { project, codebase, repository, branch, revision } = stamp
  return { author: '', comments: '', files: [], when: 0, category: null, properties: {}, project, codebase, repository, branch, revision }
}

/** What the configuration says; functions of it are asked last. `key` null: it is of no branch. */
export type StampAnswers = { passes(filter: CancellerFilter, stamp: CancelStamp): Promise<boolean>; key(stamp: CancelStamp): Promise<string | null> }
export type NewerBuildset = { buildset: number; builders: readonly string[]; stamps: readonly CancelStamp[] }

/**
 * Which of the open requests a newer buildset makes needless: with a sourcestamp that passes one of the filters, of an older change on the same branch than the buildset's.
 * The builders of one filter belong together: the buildset asks for one of them. What was asked for without a change (by hand, by the clock) is left alone.
 */
export async function superseded(filters: readonly CancellerFilter[], newer: NewerBuildset, open: readonly CancelRequest[], answers: StampAnswers): Promise<number[]> {
  const asked = filters.filter(({ builders }) => newer.builders.some(name => builders.includes(name)))
  const found: number[] = []
  for (const { id, buildset, builder, stamps } of open) {
    const own = asked.filter(filter => filter.builders.includes(builder))
    if (own.length > 0 && buildset !== newer.buildset && await some(stamps, stamp => isSuperseded(own, stamp, newer.stamps, answers))) found.push(id)
  }
  return found
}

async function isSuperseded(filters: readonly CancellerFilter[], stamp: CancelStamp, newer: readonly CancelStamp[], answers: StampAnswers): Promise<boolean> {
  const later = newer.filter(other => isOlder(stamp, other))
  if (later.length === 0) return false
  const key = await answers.key(stamp)
  return key !== null && await some(later, async other => await answers.key(other) === key) && some(filters, filter => answers.passes(filter, stamp))
}

/** Of one place, and another revision of it. */
function isOlder(stamp: CancelStamp, other: CancelStamp): boolean {
  return stamp.project === other.project && stamp.codebase === other.codebase && stamp.repository === other.repository
    && stamp.change !== null && other.change !== null && stamp.change < other.change && stamp.revision !== other.revision
}

/** What of the failed request's buildset is to be cancelled. */
export async function condemned(filters: FailingBuildsetCanceller['filters'], failed: CancelRequest, open: readonly CancelRequest[], { passes }: Pick<StampAnswers, 'passes'>): Promise<number[]> {
  const rest = open.filter(({ id, buildset }) => id !== failed.id && buildset === failed.buildset)
  const found = new Set<number>()
  for (const filter of filters) {
    const own = rest.filter(({ builder }) => filter.cancelBuilds?.includes(builder) ?? true)
    if (own.length > 0 && filter.builders.includes(failed.builder) && await some(failed.stamps, stamp => passes(filter, stamp))) for (const { id } of own) found.add(id)
  }
  return [...found]
}

async function some<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<boolean> {
  for (const item of items) if (await test(item)) return true
  return false
}
