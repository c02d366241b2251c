import type { Git } from './run-git.js'

export type Commit = {
  revision: string
  author: string
  committer: string
  comments: string
  /** Of the commit; epoch seconds. */
  when: number
  /** Compared with its first parent. */
  files: string[]
}

export type Reading = { git: Git; folder: string; signal: AbortSignal }

const TIMEOUT_MS = 10 * 60_000
const FIELDS = ['%H', '%aN <%aE>', '%cN <%cE>', '%ct', '%B']

/** The commits on the first-parent line of `head` that none of `known` has, oldest first. Of `known`, the mirror need not have all. */
export async function newRevisions({ git, folder, signal }: Reading, head: string, known: string[]): Promise<string[]> {
  const input = [head, ...known.map(revision => `^${revision}`)].map(line => `${line}\n`).join('')
  const output = await git({ args: ['rev-list', '--ignore-missing', '--first-parent', '--reverse', '--stdin'], folder, input, timeoutMs: TIMEOUT_MS, signal })
  return lines(output)
}

/** What the commits say and touch, in the order given. */
export async function readCommits(reading: Reading, revisions: string[]): Promise<Commit[]> {
  if (revisions.length === 0) return []
  const { git, folder, signal } = reading
  const input = revisions.map(revision => `${revision}\n`).join('')
  const format = FIELDS.join('%x00') + '%x00'
  const output = await git({ args: ['log', '--no-walk=unsorted', `--format=tformat:${format}`, '--stdin'], folder, input, timeoutMs: TIMEOUT_MS, signal })
  const fields = output.split('\0')
  const files = await readFiles(reading, revisions)
  return revisions.map((revision, index) => {
    const [found = '', author = '', committer = '', when = '', comments = ''] = fields.slice(index * FIELDS.length, (index + 1) * FIELDS.length)
    if (found.trim() !== revision) throw new Error(`git log of ${revision}: found the record of '${found.trim()}' instead`)
    return { revision, author, committer, comments: comments.trim(), when: Number(when), files: files.get(revision) ?? [] }
  })
}

/** One process for all commits; each is compared with its first parent, as a merge came to this branch. */
async function readFiles({ git, folder, signal }: Reading, revisions: string[]): Promise<Map<string, string[]>> {
  const parents = await git({ args: ['rev-list', '--no-walk=unsorted', '--parents', '--stdin'], folder, input: revisions.map(revision => `${revision}\n`).join(''), timeoutMs: TIMEOUT_MS, signal })
  const input = lines(parents).map(line => `${line.split(' ').slice(0, 2).join(' ')}\n`).join('')
  const output = await git({ args: ['diff-tree', '--stdin', '--root', '-r', '-z', '--name-only'], folder, input, timeoutMs: TIMEOUT_MS, signal })
  const wanted = new Set(revisions)
  const files = new Map<string, string[]>()
  let current: string[] = []
  for (const part of output.split('\0').slice(0, -1)) {
    if (wanted.has(part) && !files.has(part)) files.set(part, current = [])
    else current.push(part)
  }
  return files
}

function lines(output: string): string[] {
  return output.split('\n').filter(line => line !== '')
}
