import { createHash } from 'node:crypto'
import { mkdir, rm, stat } from 'node:fs/promises'
import type { Clock } from '@yardmaster/runtime'
import { GitFailed, type Git } from './run-git.js'
import type { Heads } from './list-heads.js'
import { refOf } from './refs.js'

const FETCH_TIMEOUT_MS = 30 * 60_000
const TIMEOUT_MS = 60_000
/** A file for each of so many refs is slow to read. */
const MANY = 500
const VERY_MANY = 2_000
const PREFIX = 'refs/yardmaster/'
const ALL_HEADS = 'refs/yardmaster-heads/'
/** What git says of a mirror that a kill or a full disk has left unusable. It is only a copy: made anew, it is whole. */
const unusable = /not a git repository|corrupt|bad object|missing object|unable to read|loose object|inflate/i

/** No fetch holds a lock for so long: its holder was killed. */
const STALE_LOCK_MS = 10 * 60_000

export type Mirror = { git: Git; clock: Clock; folder: string; repository: string; signal: AbortSignal }

/** Brings the branches (and other refs) that were listed, and all of their history, into the bare mirror (made if it is not there). Answers where they are now, which may be newer. */
export async function fetchMirror(mirror: Mirror, heads: Heads): Promise<Heads> {
  try {
    return await fetchBranches(mirror, heads)
  } catch (error) {
    if (!(error instanceof GitFailed) || !await repair(mirror, error.reason)) throw error
    return await fetchBranches(mirror, heads)
  }
}

async function repair({ folder, clock }: Mirror, reason: string): Promise<boolean> {
  const lock = /Unable to create '([^']+\.lock)': File exists/.exec(reason)?.[1]
  if (lock !== undefined && lock.startsWith(folder)) {
    const found = await stat(lock).catch(() => null)
    if (found === null || clock.now() - found.mtimeMs < STALE_LOCK_MS) return false
    await rm(lock, { force: true })
    return true
  }
  if (!unusable.test(reason)) return false
  await rm(folder, { recursive: true, force: true })
  return true
}

/** The revisions that the mirror does not have, after asking the repository for them by their ids: the former heads of branches that were rewritten. */
export async function missingRevisions({ git, folder, repository, signal }: Mirror, revisions: string[]): Promise<Set<string>> {
  if (revisions.length === 0) return new Set()
  const absent = async () => {
    const answers = await git({ args: ['cat-file', '--batch-check=%(objecttype)'], folder, input: revisions.map(revision => `${revision}\n`).join(''), timeoutMs: TIMEOUT_MS, signal })
    return answers.split('\n').filter(line => line.endsWith(' missing')).map(line => line.slice(0, -' missing'.length))
  }
  for (const revision of await absent()) {
    // A repository may have pruned it, or refuse to give it.
    await git({ args: ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', repository, revision], folder, timeoutMs: FETCH_TIMEOUT_MS, signal })
      .catch((error: unknown) => { if (!(error instanceof GitFailed) || signal.aborted) throw error })
  }
  return new Set(await absent())
}

async function fetchBranches(mirror: Mirror, heads: Heads): Promise<Heads> {
  const { git, folder, signal } = mirror
  await mkdir(folder, { recursive: true })
  await git({ args: ['init', '--quiet', '--bare', folder], timeoutMs: TIMEOUT_MS, signal })
  const branches = Object.keys(heads)
  const present = await mirrored(mirror, heads)
  const moved = branches.filter(branch => present[branch] !== heads[branch])
  if (moved.length === 0) return present
  if (moved.length > VERY_MANY && moved.every(branch => refOf(branch).startsWith('refs/heads/'))) await fetchAllHeads(mirror)
  else await fetchEach(mirror, moved)
  return mirrored(mirror, heads)
}

/** Git looks for each ref that is named in the list of all: of twenty thousand that takes minutes. Branches that are gone give their names to others. */
async function fetchAllHeads({ git, folder, repository, signal }: Mirror): Promise<void> {
  const args = ['fetch', '--quiet', '--no-tags', '--prune', '--no-write-fetch-head', '--no-recurse-submodules', '--', repository, `+refs/heads/*:${ALL_HEADS}*`]
  await git({ args, folder, timeoutMs: FETCH_TIMEOUT_MS, signal })
  await git({ args: ['pack-refs', '--all'], folder, timeoutMs: FETCH_TIMEOUT_MS, signal })
}

async function fetchEach({ git, folder, repository, signal }: Mirror, moved: string[]): Promise<void> {
  const input = moved.map(branch => `+${refOf(branch)}:${mirrorRef(branch)}\n`).join('')
  await git({ args: ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--stdin', '--', repository], folder, input, timeoutMs: FETCH_TIMEOUT_MS, signal })
  if (moved.length > MANY) await git({ args: ['pack-refs', '--all'], folder, timeoutMs: FETCH_TIMEOUT_MS, signal })
}

/** Where the branches are in the mirror, as far as it knows them: as they were listed, else as they were fetched; '' where it has none, or something other than a commit. */
async function mirrored({ git, folder, signal }: Mirror, heads: Heads): Promise<Heads> {
  const refs = await git({ args: ['for-each-ref', '--format=%(refname) %(objectname) %(objecttype) %(*objectname) %(*objecttype)', PREFIX, ALL_HEADS], folder, timeoutMs: TIMEOUT_MS, signal })
  const revisions = new Map<string, string>()
  for (const line of refs.split('\n')) {
    const [ref = '', object = '', type = '', tagged = '', taggedType = ''] = line.split(' ')
    if (type === 'commit') revisions.set(ref, object)
    else if (taggedType === 'commit') revisions.set(ref, tagged)
  }
  return Object.fromEntries(Object.entries(heads).map(([branch, listed]) => {
    const known = [revisions.get(mirrorRef(branch)), revisions.get(ALL_HEADS + branch)]
    return [branch, known.find(revision => revision === listed) ?? known[0] ?? known[1] ?? '']
  }))
}

/** Flat, because `a/b` could not come after `a` has gone: refs are files and folders. */
function mirrorRef(branch: string): string {
  return PREFIX + createHash('sha256').update(branch).digest('hex')
}
