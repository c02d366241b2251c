import { createHash } from 'node:crypto'
import { mkdir, rm, stat } from 'node:fs/promises'
import type { Clock } from '@yardmaster/runtime'
import { GitFailed, type Git } from './run-git.js'
import type { Heads } from './list-heads.js'
import { refOf } from './refs.js'

const FETCH_TIMEOUT_MS = 30 * 60_000
const TIMEOUT_MS = 60_000
const PREFIX = 'refs/yardmaster/'
/** What git says of a mirror that a kill or a full disk has left unusable. It is only a copy: made anew, it is whole. */
const unusable = /not a git repository|corrupt|bad object|missing object|unable to read|loose object|inflate/i

/** No fetch holds a lock for so long: its holder was killed. */
const STALE_LOCK_MS = 10 * 60_000

export type Mirror = { git: Git; clock: Clock; folder: string; repository: string; signal: AbortSignal }

/** Brings the branches (and other refs) and all of their history into the bare mirror (made if it is not there). Answers where they are now, which may be newer than what was listed. */
export async function fetchMirror(mirror: Mirror, branches: string[]): Promise<Heads> {
  try {
    return await fetchBranches(mirror, branches)
  } catch (error) {
    if (!(error instanceof GitFailed) || !await repair(mirror, error.reason)) throw error
    return await fetchBranches(mirror, branches)
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

async function fetchBranches({ git, folder, repository, signal }: Mirror, branches: string[]): Promise<Heads> {
  await mkdir(folder, { recursive: true })
  await git({ args: ['init', '--quiet', '--bare', folder], timeoutMs: TIMEOUT_MS, signal })
  const refspecs = branches.map(branch => `+${refOf(branch)}:${mirrorRef(branch)}\n`).join('')
  await git({ args: ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--stdin', '--', repository], folder, input: refspecs, timeoutMs: FETCH_TIMEOUT_MS, signal })
  const refs = await git({ args: ['for-each-ref', '--format=%(refname) %(objectname) %(objecttype) %(*objectname)', PREFIX], folder, timeoutMs: TIMEOUT_MS, signal })
  const revisions = new Map(refs.split('\n').map(line => line.split(' ')).map(([ref = '', object = '', type = '', commit = '']) => [ref, type === 'tag' ? commit : object]))
  return Object.fromEntries(branches.map(branch => [branch, revisions.get(mirrorRef(branch)) ?? '']))
}

/** Flat, because `a/b` could not come after `a` has gone: refs are files and folders. */
function mirrorRef(branch: string): string {
  return PREFIX + createHash('sha256').update(branch).digest('hex')
}
