import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Database } from '@yardmaster/db'
import type { NewChange } from '@yardmaster/db/verbs/add-change'
import { isFunctionRef, propertiesFrom, safeName, type GitPollerConfig, type Json } from '@yardmaster/domain'
import type { Clock, Logger, Secrets } from '@yardmaster/runtime'
import { fetchMirror, missingRevisions, type Mirror } from './fetch-mirror.js'
import { withAccess } from './git-access.js'
import { listHeads, type Choose, type Heads, type Listing } from './list-heads.js'
import { mapChanges } from './map-changes.js'
import { planPoll, pollState, unknownBranches, type PollPlan, type PollState } from './plan-poll.js'
import { PollFailed } from './poll-failed.js'
import type { PollGeneration } from './poll-generation.js'
import { newRevisions, readCommits, type Commit } from './read-commits.js'
import { refOf, type Selection } from './refs.js'
import { revlinkOf } from './revlink-of.js'
import type { Git } from './run-git.js'
import { toldPushes, untold } from './told-pushes.js'

export type Polling = {
  db: Database
  git: Git
  secrets: Secrets
  /** Mirrors are kept here. */
  folder: string
  pid: number
  clock: Clock
  logger: Logger
  /** Any generation, for the function that chose branches before. */
  generationOf(id: number): Promise<PollGeneration>
}

/** What a poll found. `state`: how far it has read, null: as far as before. `more`: it stopped before the end of what is new. */
export type Found = { state: PollState | null; changes: NewChange[]; more: boolean; afterwards?: () => Promise<unknown> }

/** More than that come with the next poll, which follows at once. */
const COMMITS_PER_POLL = 1_000
/** Of those that a user's function is asked about, so that what it has said is kept. */
const MAPPED_PER_POLL = 50
/** So long a message of a host may be under way. */
const GRACE_MS = 20_000

type Poll = { source: GitPollerConfig; generation: PollGeneration; /** When a poll last went well. */ polledAt: Date | null; selection: Selection; previous: PollState | null; stored: Json; signal: AbortSignal; mirror: Mirror }

/** Looks once into a repository for new commits: writes nothing but its mirror. Throws PollFailed when git, or a user's function, cannot do its part. */
export async function pollRepository(polling: Polling, { source, generation, stored, polledAt }: Pick<Poll, 'source' | 'generation' | 'stored' | 'polledAt'>, signal: AbortSignal): Promise<Found> {
  return withAccess(polling, source, async git => {
    const mirror = { git, clock: polling.clock, folder: mirrorFolder(polling.folder, source), repository: source.repository, signal }
    return look(polling, { source, generation, stored, polledAt, signal, mirror, selection: selectionOf(source, generation), previous: pollState(stored, source) })
  })
}

async function look(polling: Polling, poll: Poll): Promise<Found> {
  const { source, generation, selection, previous, mirror: { git }, signal } = poll
  const choose: Choose = refs => chosenBy(generation, source.branches, refs)
  const listing = await listHeads({ git, repository: source.repository, selection, choose, signal })
  // Everything gone is more likely an accident than a wish; what was read is not forgotten for it.
  if (Object.keys(listing.heads).length === 0 && Object.keys(previous?.heads ?? {}).length > 0) return { state: null, changes: [], more: false }
  const plan = planPoll(previous, { branches: source.branches, ...await chosenBefore(polling, poll, listing) }, listing)
  if (previous === null && source.firstFetchLoadRefs) return readNew(polling, poll, { listing, plan: { read: {}, branches: Object.keys(listing.heads), known: [] } })
  if (plan.branches.length > 0) return readNew(polling, poll, { listing, plan })
  const found = { state: changed(poll, listing, plan.read), changes: [], more: false }
  // Once it is kept, so that the first commit need not wait for the whole history.
  return previous === null && !listing.empty ? { ...found, afterwards: () => fetchMirror(poll.mirror, listing.heads) } : found
}

function selectionOf({ branches, branchPatterns, onlyTags }: GitPollerConfig, { id }: PollGeneration): Selection {
  return { branches, ...(branchPatterns.length > 0 ? { branchPatterns } : {}), ...(onlyTags ? { onlyTags } : {}), ...(isFunctionRef(branches) ? { generation: id } : {}) }
}

async function chosenBy({ threads }: PollGeneration, branches: GitPollerConfig['branches'], refs: string[]): Promise<boolean[]> {
  if (!isFunctionRef(branches) || refs.length === 0) return []
  const answers = await threads.call(branches, { each: refs }).catch((error: unknown) => {
    throw new PollFailed(`${branches.$fn}, asked which refs are watched: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  })
  return Array.isArray(answers) ? answers.map(Boolean) : []
}

/** Where a function chose, in another generation than now: what it would have said of branches that are met for the first time. */
async function chosenBefore({ generationOf }: Polling, { previous, generation }: Poll, listing: Listing): Promise<{ chosenBefore?: Set<string> }> {
  if (previous === null || !isFunctionRef(previous.branches) || previous.generation === undefined) return {}
  const unknown = unknownBranches(previous, listing)
  const before = previous.generation === generation.id ? generation : await generationOf(previous.generation)
  const chosen = await chosenBy(before, previous.branches, unknown.map(refOf))
  return { chosenBefore: new Set(unknown.filter((_, index) => chosen[index])) }
}

async function readNew(polling: Polling, poll: Poll, { listing, plan }: { listing: Listing; plan: PollPlan }): Promise<Found> {
  const { source, mirror } = poll
  // All of them, not only those that moved: what is old can only be told by the branches that have it.
  const fetched = await fetchMirror(mirror, listing.heads)
  const read: Heads = { ...plan.read }
  const present = new Set(Object.values(fetched))
  const missing = await missingRevisions(mirror, plan.known.filter(revision => !present.has(revision)))
  const readings: Reading[] = []
  const atMost = source.mapChange === null ? COMMITS_PER_POLL : MAPPED_PER_POLL
  const known = new Set([...plan.known, ...Object.values(read)])
  let more = false
  let room = atMost
  for (const branch of plan.branches) {
    const head = fetched[branch]!
    if (room === 0) {
      more = true
      break
    }
    const revisions = head === '' ? [] : await revisionsOf(branch, { head, former: read[branch], known, missing, poll, logger: polling.logger })
    const taken = revisions.slice(0, room)
    more ||= taken.length < revisions.length
    room -= taken.length
    readings.push({ branch, revisions: taken })
    read[branch] = taken.length < revisions.length ? taken.at(-1)! : head
    known.add(read[branch])
  }
  const changes = await changesOf(polling, poll, readings)
  if (more) polling.logger.info({ source: source.name, changes: changes.length }, 'many new commits: the rest comes with the next polls')
  return { state: changed(poll, listing, read), changes: await mapChanges({ ...poll }, changes), more }
}

type Reading = { branch: string; /** Oldest first. */ revisions: string[] }

async function changesOf(polling: Polling, poll: Poll, readings: Reading[]): Promise<NewChange[]> {
  const { source, mirror } = poll
  const changes: NewChange[] = []
  for (const { branch, revisions } of await toBeTold(polling, poll, readings)) {
    changes.push(...(await readCommits(mirror, revisions)).map(commit => changeOf(source, branch, { ...commit, ...(source.usetimestamps ? {} : { when: polling.clock.now() / 1000 }) })))
  }
  return changes
}

/** Of a source that reconciles, what no message brought, nor brings in a while: of what is built, and as what, the message knows more. */
async function toBeTold({ db, clock }: Polling, { source, polledAt, signal }: Poll, readings: Reading[]): Promise<Reading[]> {
  if (source.reconciles === null) return readings
  const untoldNow = async () => {
    const told = await toldPushes(db, source, polledAt)
    return readings.map(({ branch, revisions }) => ({ branch, revisions: asTold(source, untold(revisions, branch, told)) }))
  }
  const found = await untoldNow()
  if (found.every(({ revisions }) => revisions.length === 0)) return found
  await clock.sleep(GRACE_MS, signal)
  return await untoldNow()
}

type BranchReading = { head: string; former: string | undefined; known: ReadonlySet<string>; missing: ReadonlySet<string>; poll: Poll; logger: Logger }

async function revisionsOf(branch: string, { head, former, known, missing, poll: { previous, source, mirror }, logger }: BranchReading): Promise<string[]> {
  if (previous === null && !source.firstFetchLoadRefs) return newRevisions(mirror, head, [...known])
  if (previous === null) return [head]
  if (former !== undefined && missing.has(former)) {
    logger.warn({ branch, former, head }, 'the branch was rewritten and its former head is to be had no more: only its newest commit becomes a change')
    return [head]
  }
  const revisions = await newRevisions(mirror, head, [...known])
  return revisions.length === 0 && source.buildPushesWithNoCommits && head !== former ? [head] : revisions
}

/** Null: nothing of it differs from what is stored, which can be large. */
function changed({ source: { repository }, selection, stored }: Poll, { empty }: Listing, heads: Heads): PollState | null {
  const state = { repository, ...selection, heads, empty }
  const { heads: storedHeads, ...rest } = (stored ?? {}) as Partial<PollState>
  const { heads: _, ...others } = state
  const sorted = (of: object) => JSON.stringify(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)))
  return storedHeads !== undefined && sorted(rest) === sorted(others) && isSame(storedHeads, heads) ? null : state
}

function isSame(stored: Heads, heads: Heads): boolean {
  const branches = Object.keys(heads)
  return branches.length === Object.keys(stored).length && branches.every(branch => stored[branch] === heads[branch])
}

/** Bitbucket tells of a push by its newest commit alone. */
function asTold({ reconciles }: GitPollerConfig, revisions: string[]): string[] {
  return tellsHeads(reconciles) ? revisions.slice(-1) : revisions
}

const tellsHeads = (hook: GitPollerConfig['reconciles']) => hook === 'bitbucketCloud' || hook === 'bitbucketServer'

function changeOf({ repository, changeRepository, reconciles, project, codebase, category }: GitPollerConfig, branch: string, { when, ...commit }: Commit): NewChange {
  return {
    ...commit, branch: tellsHeads(reconciles) ? refOf(branch) : branch, repository: changeRepository ?? repository, project, codebase, category: isFunctionRef(category) ? null : category, revlink: revlinkOf(repository, commit.revision),
    properties: propertiesOf(reconciles), whenAt: new Date(storableSeconds(when) * 1000),
  }
}

/** As the hook's reader has them. */
function propertiesOf(hook: GitPollerConfig['reconciles']): NewChange['properties'] {
  if (hook === null || hook === 'base') return {}
  const event = hook === 'bitbucketCloud' ? 'repo:push' : hook === 'bitbucketServer' ? 'repo:refs_changed' : 'push'
  return propertiesFrom({ event, ...(hook === 'github' ? { github_distinct: true } : {}) }, 'Change')
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
