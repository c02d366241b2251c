import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { transaction, type Database, type Fence } from '@yardmaster/db'
import type { NewChange } from '@yardmaster/db/verbs/add-change'
import { recordPoll } from '@yardmaster/db/verbs/record-poll'
import { safeName, type GitPollerConfig, type Json } from '@yardmaster/domain'
import type { Clock, Logger } from '@yardmaster/runtime'
import { fetchMirror, missingRevisions, type Mirror } from './fetch-mirror.js'
import { listHeads, type Heads, type Listing } from './list-heads.js'
import { planPoll, pollState, type PollPlan, type PollState } from './plan-poll.js'
import { newRevisions, readCommits, type Commit } from './read-commits.js'
import { revlinkOf } from './revlink-of.js'
import type { Git } from './run-git.js'

export type Polling = {
  db: Database
  fence: Fence
  git: Git
  /** Mirrors are kept here. */
  folder: string
  clock: Clock
  logger: Logger
}

/** More than that come with the next poll. */
const COMMITS_PER_POLL = 1_000

type SourceRow = { id: number; version: number; state: Json }

/**
 * Looks once into a repository: new commits become changes, oldest first, and how far it was read is stored with them, so that a kill at any
 * moment neither skips nor repeats one. Throws GitFailed when git cannot do its part.
 */
export async function pollRepository(polling: Polling, source: GitPollerConfig, signal: AbortSignal): Promise<void> {
  const { db, git } = polling
  const { rows: [row] } = await db.pool.query<SourceRow>('SELECT id, version, state FROM change_sources WHERE name = $1 AND active', [source.name])
  if (!row) return
  const previous = pollState(row.state, source)
  const listing = await listHeads(git, source.repository, source.branches, signal)
  // Everything gone is more likely an accident than a wish; what was read is not forgotten for it.
  if (Object.keys(listing.heads).length === 0 && Object.keys(previous?.heads ?? {}).length > 0) return
  const mirror = { git, clock: polling.clock, folder: mirrorFolder(polling.folder, source), repository: source.repository, signal }
  const plan = planPoll(previous, source, listing)
  if (plan.branches.length > 0) return readNew(polling, { source, row, listing, plan, mirror })
  await store(polling, row, { ...stateOf(source, listing, plan.read), changes: [] })
  // Now, so that the first commit need not wait for the whole history.
  if (previous === null && !listing.empty) await fetchMirror(mirror, Object.keys(listing.heads))
}

type Poll = { source: GitPollerConfig; row: SourceRow; listing: Listing; plan: PollPlan; mirror: Mirror }

async function readNew(polling: Polling, { source, row, listing, plan, mirror }: Poll): Promise<void> {
  // All of them, not only those that moved: what is old can only be told by the branches that have it.
  const fetched = await fetchMirror(mirror, Object.keys(listing.heads))
  const read: Heads = { ...plan.read }
  const missing = await missingRevisions(mirror, plan.known)
  const changes: NewChange[] = []
  for (const branch of plan.branches) {
    const room = COMMITS_PER_POLL - changes.length
    if (room === 0) break
    const known = [...plan.known, ...Object.values(read)]
    const revisions = await revisionsOf(branch, { head: fetched[branch]!, former: read[branch], known, missing, mirror, logger: polling.logger })
    const taken = revisions.slice(0, room)
    if (taken.length < revisions.length) polling.logger.warn({ source: source.name, branch, commits: revisions.length, taken: taken.length }, 'many new commits: the rest comes with the next polls')
    changes.push(...(await readCommits(mirror, taken)).map(commit => changeOf(source, branch, commit)))
    read[branch] = taken.length < revisions.length ? taken.at(-1)! : fetched[branch]!
  }
  await store(polling, row, { ...stateOf(source, listing, read), changes })
  if (changes.length > 0) polling.logger.info({ source: source.name, changes: changes.length, newest: changes.at(-1)?.revision }, 'new commits')
}

type BranchReading = { head: string; former: string | undefined; known: string[]; missing: ReadonlySet<string>; mirror: Mirror; logger: Logger }

async function revisionsOf(branch: string, { head, former, known, missing, mirror, logger }: BranchReading): Promise<string[]> {
  if (former !== undefined && missing.has(former)) {
    logger.warn({ branch, former, head }, 'the branch was rewritten and its former head is to be had no more: only its newest commit becomes a change')
    return [head]
  }
  return newRevisions(mirror, head, known)
}

function stateOf(source: GitPollerConfig, { empty }: Listing, heads: Heads): { state: PollState } {
  return { state: { repository: source.repository, branches: source.branches, heads, empty } }
}

async function store({ db, fence, logger }: Polling, row: SourceRow, { state, changes }: { state: PollState; changes: NewChange[] }): Promise<void> {
  if (changes.length === 0 && isSame(row.state, state)) return
  const stored = await transaction(db, fence, tx => recordPoll(tx, { sourceId: row.id, version: row.version, state, changes }))
  if (!stored) logger.debug({ source: row.id }, 'another poll was faster')
}

function isSame(stored: Json, state: PollState): boolean {
  const { heads, ...rest } = (stored ?? {}) as Partial<PollState>
  const sorted = (of: Heads | undefined) => Object.entries(of ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return rest.repository === state.repository && rest.empty === state.empty && JSON.stringify(rest.branches) === JSON.stringify(state.branches)
    && JSON.stringify(sorted(heads)) === JSON.stringify(sorted(state.heads))
}

function changeOf({ repository, project, codebase, category }: GitPollerConfig, branch: string, { when, ...commit }: Commit): NewChange {
  return { ...commit, branch, repository, project, codebase, category, revlink: revlinkOf(repository, commit.revision), properties: {}, whenAt: new Date(storableSeconds(when) * 1000) }
}

/** A commit can claim any time. */
function storableSeconds(seconds: number): number {
  const endOfYear9999 = 253_402_300_799
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), endOfYear9999) : 0
}

/** Of the repository and of its name: a source that turns to another repository begins a new mirror. */
function mirrorFolder(folder: string, { name, repository }: GitPollerConfig): string {
  const digest = createHash('sha256').update(JSON.stringify([name, repository])).digest('hex').slice(0, 12)
  return join(folder, `${safeName(name).slice(0, 60)}-${digest}`)
}
