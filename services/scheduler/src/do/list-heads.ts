import type { Git } from './run-git.js'

/** Branch -> revision. */
export type Heads = { [branch: string]: string }

export type Listing = {
  /** Of the branches asked for. */
  heads: Heads
  /** The repository has no branch at all: whatever comes is new. */
  empty: boolean
}

const PREFIX = 'refs/heads/'
const TIMEOUT_MS = 60_000

/** Asks the repository where its branches are; one round trip, whatever its size. */
export async function listHeads(git: Git, repository: string, branches: string[] | true, signal: AbortSignal): Promise<Listing> {
  const ask = async (patterns: string[]) => parse(await git({ args: ['ls-remote', '--refs', '--', repository, ...patterns], timeoutMs: TIMEOUT_MS, signal }))
  if (branches === true) {
    const heads = await ask([`${PREFIX}*`])
    return { heads, empty: isEmpty(heads) }
  }
  const found = await ask(branches.map(branch => PREFIX + branch))
  // git matches a pattern at the end of a name, too.
  const heads = Object.fromEntries(Object.entries(found).filter(([branch]) => branches.includes(branch)))
  return { heads, empty: isEmpty(heads) && isEmpty(await ask([`${PREFIX}*`])) }
}

function parse(output: string): Heads {
  const lines = output.split('\n').map(line => line.split('\t')).filter(([, ref]) => ref?.startsWith(PREFIX))
  return Object.fromEntries(lines.map(([revision = '', ref = '']) => [ref.slice(PREFIX.length), revision]))
}

function isEmpty(heads: Heads): boolean {
  return Object.keys(heads).length === 0
}
