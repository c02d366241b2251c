import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Problem } from '../problem.js'
import { gitIn, type Git } from './git.js'

export type WorkingTree = {
  diff: string
  /** What the diff is against: a commit that the remote repository has. */
  baserev: string
  /** On which branch of the remote repository; null: it is not known. */
  branch: string | null
}
export type WorkingTreeOptions = {
  /** Where in the working tree does not matter. */
  folder: string
  env: NodeJS.ProcessEnv
  branch?: string
  baserev?: string
  /** Also files that git does not know, unless they are ignored. */
  untracked: boolean
}

/** What the user's own configuration of git must not change. */
const formOfDiff = ['--binary', '--full-index', '--find-renames', '--no-color', '--no-ext-diff', '--no-textconv', '--no-relative', '--submodule=short', '--src-prefix=a/', '--dst-prefix=b/']

/** All that differs in the working tree, staged or not, from where it left the remote branch. Changes nothing there. Throws Problem. */
export async function readWorkingTree({ folder, env, branch, baserev, untracked }: WorkingTreeOptions): Promise<WorkingTree> {
  const root = await gitIn(folder, env).line(['rev-parse', '--show-toplevel'])
  if (root === null) throw new Problem(`${folder} is in no git working tree: go there, or give the patch with --diff FILE`)
  const git = gitIn(root, env)
  const base = await baseOf(git, { branch, baserev })
  const scratch = await mkdtemp(join(tmpdir(), 'yard-try-'))
  try {
    const more = untracked ? await indexWithUntracked(git, root, join(scratch, 'index')) : {}
    const diff = (config: string[] = [], form: string[] = formOfDiff): Promise<Buffer> => git.run([...config, 'diff', ...form, base.baserev, '--'], { env: more })
    return { ...base, diff: await asText(diff, join(scratch, 'attributes')) }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function baseOf(git: Git, { branch, baserev }: Pick<WorkingTreeOptions, 'branch' | 'baserev'>): Promise<Omit<WorkingTree, 'diff'>> {
  const upstream = await upstreamOf(git, branch)
  const of = branch ?? upstream?.branch ?? null
  if (baserev !== undefined) {
    const found = await git.line(['rev-parse', '--verify', '--quiet', `${baserev}^{commit}`])
    if (found === null) throw new Problem(`there is no commit ${JSON.stringify(baserev)} here: fetch it first`)
    return { baserev: found, branch: of }
  }
  if (!upstream) throw new Problem(branch === undefined
    ? 'it is not known what your work is based on: your branch follows none of a remote repository; say --branch BRANCH or --baserev REVISION'
    : `no remote repository is known to have a branch ${JSON.stringify(branch)}: fetch it first, or say --baserev REVISION`)
  const base = await git.line(['merge-base', 'HEAD', upstream.ref])
  if (base === null) throw new Problem(`your work and ${upstream.ref} have no common commit: say --baserev REVISION`)
  return { baserev: base, branch: of }
}

type Upstream = { ref: string; branch: string }

/** The branch of a remote repository that is meant, as it was when it was last fetched. */
async function upstreamOf(git: Git, branch: string | undefined): Promise<Upstream | null> {
  const remotes = (await git.run(['remote'])).toString().split('\n').filter(Boolean)
  const own = await git.line(['rev-parse', '--abbrev-ref', '--symbolic-full-name', '@{upstream}'])
  if (branch === undefined) return asUpstream(remotes, own) ?? asUpstream(remotes, await git.line(['rev-parse', '--abbrev-ref', '--symbolic-full-name', 'origin/HEAD']))
  const first = asUpstream(remotes, own)?.ref.split('/')[0]
  for (const remote of new Set([first ?? 'origin', 'origin', ...remotes])) {
    if (await git.line(['rev-parse', '--verify', '--quiet', `refs/remotes/${remote}/${branch}`]) !== null) return { ref: `refs/remotes/${remote}/${branch}`, branch }
  }
  return null
}

function asUpstream(remotes: readonly string[], ref: string | null): Upstream | null {
  const remote = remotes.find(name => ref?.startsWith(`${name}/`))
  return ref === null || remote === undefined ? null : { ref, branch: ref.slice(remote.length + 1) }
}

/** The environment in which git sees a copy of the index that knows the unknown files: the user's own stays as it is. */
async function indexWithUntracked(git: Git, root: string, copy: string): Promise<NodeJS.ProcessEnv> {
  const index = await git.line(['rev-parse', '--git-path', 'index'])
  await copyFile(join(index?.startsWith('/') ? '' : root, index ?? ''), copy).catch(() => undefined)
  const env = { GIT_INDEX_FILE: copy }
  const files = (await git.run(['ls-files', '--others', '--exclude-standard', '-z'])).toString()
  if (files !== '') await git.run(['add', '--intent-to-add', '--pathspec-from-file=-', '--pathspec-file-nul'], { env, stdin: files })
  return env
}

/** Files in another encoding than UTF-8 are sent as binary ones, since a patch travels as text. */
async function asText(diff: (config?: string[], form?: string[]) => Promise<Buffer>, attributes: string): Promise<string> {
  const plain = await diff()
  if (isText(plain)) return plain.toString()
  const names = (await diff([], [...formOfDiff.filter(option => option !== '--binary'), '--name-only', '-z'])).toString().split('\0').filter(Boolean)
  // Latin-1 keeps every byte, so that what cannot be read is found.
  const sections = plain.toString('latin1').split(/^(?=diff --git )/m)
  const odd = names.filter((_, at) => !isText(Buffer.from(sections[at] ?? '', 'latin1')))
  await writeFile(attributes, odd.map(name => `"/${name.replaceAll(/["\\]/g, '\\$&').replaceAll(/[*?[]/g, '\\\\$&')}" -diff\n`).join(''))
  const binary = await diff(['-c', `core.attributesFile=${attributes}`])
  if (isText(binary)) return binary.toString()
  throw new Problem(`the diff has text that is not UTF-8 (${odd.join(', ')}): mark these files as binary in .gitattributes`)
}

function isText(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}
