import type { CancellerFilter, FailingBuildsetCanceller } from './canceller-config.js'
import type { ChangeData } from './change.js'
import { stableJson } from './collapse.js'
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

/** The same place of the same code: only with the same key of its branch can one revision be newer than the other. */
export const placeOf = ({ project, codebase, repository }: SourceStampData, branchKey: string): string => stableJson([project, codebase, repository, branchKey])

/** The sourcestamp as a change filter sees it. */
export function filtered(stamp: SourceStampData): ChangeData {
  const { project, codebase, repository, branch, revision } = stamp
  return { author: '', comments: '', files: [], when: 0, category: null, properties: {}, project, codebase, repository, branch, revision }
}

/** Answers of the configuration, which were asked for before: `key` null: no branch. */
export type StampAnswers = { passes(filter: CancellerFilter, stamp: CancelStamp): boolean; key(stamp: CancelStamp): string | null }

/**
 * Which of the open requests a newer buildset makes needless: with a sourcestamp that passes one of the filters, of an older change on the same branch than the buildset's.
 * The builders of one filter belong together: the buildset asks for one of them. What was asked for without a change (by hand, by the clock) is left alone.
 */
export function superseded(filters: readonly CancellerFilter[], newer: { builders: readonly string[]; buildset: number; stamps: readonly CancelStamp[] }, open: readonly CancelRequest[], answers: StampAnswers): number[] {
  const newest = new Map(newer.stamps.flatMap(stamp => placed(stamp, answers).map(place => [place, stamp])))
  const asked = filters.filter(({ builders }) => newer.builders.some(name => builders.includes(name)))
  return open.filter(({ buildset, builder, stamps }) => buildset !== newer.buildset && asked.some(filter => filter.builders.includes(builder)
    && stamps.some(stamp => placed(stamp, answers).some(place => isOlder(stamp, newest.get(place))) && answers.passes(filter, stamp)))).map(request => request.id)
}

function placed(stamp: CancelStamp, answers: StampAnswers): string[] {
  const key = stamp.change === null || stamp.branch === null ? null : answers.key(stamp)
  return key === null ? [] : [placeOf(stamp, key)]
}

function isOlder(stamp: CancelStamp, newest: CancelStamp | undefined): boolean {
  return newest !== undefined && stamp.change! < newest.change! && stamp.revision !== newest.revision
}

/** What of the failed request's buildset is to be cancelled. */
export function condemned({ filters }: FailingBuildsetCanceller, failed: CancelRequest, open: readonly CancelRequest[], answers: Pick<StampAnswers, 'passes'>): number[] {
  const matched = filters.filter(filter => filter.builders.includes(failed.builder) && failed.stamps.some(stamp => answers.passes(filter, stamp)))
  return open.filter(({ id, buildset, builder }) => id !== failed.id && buildset === failed.buildset && matched.some(({ cancelBuilds }) => cancelBuilds?.includes(builder) ?? true)).map(request => request.id)
}
