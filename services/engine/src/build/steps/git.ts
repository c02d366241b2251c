import { onceReachable } from '@yardmaster/db'
import { readPatchBody } from '@yardmaster/db/verbs/read-patch'
import { FAILURE, recordOf, SUCCESS, type GitStep, type Json, type Result, type SourceStampData, type StoredPatch } from '@yardmaster/domain'
import type { StepContext } from '../step-context.js'
import { inBuilddir, shellSpec, text } from './shell-spec.js'

type Source = { repository: string; branch: string; revision: string | null; patch: StoredPatch | null }

/** A git command failed: the step fails, and its log has the rest. */
class GitFailed extends Error {}

/** Gets the build's source with git, the way Buildbot's Git step does, and sets `got_revision`. */
export async function runGit(context: StepContext, config: GitStep): Promise<Result> {
  const source = await sourceOf(context, config)
  if (source === null) return notInBuild(context, config)
  const git = new GitFolder(context, config, source)
  try {
    if (config.mode === 'full' && config.method === 'copy') await git.copyFromSource()
    else if (config.mode === 'full' && config.method === 'clobber') await git.cloneAnew()
    else if (!await git.isRepository()) await git.cloneAnew()
    else await git.update(config.mode === 'full' ? config.method : null)
    if (config.submodules) await git.updateSubmodules()
    await git.applyPatch()
    await git.reportRevision()
    return SUCCESS
  } catch (error) {
    if (error instanceof GitFailed) return FAILURE
    throw error
  }
}

/** What is built: the build's sourcestamp of the step's codebase, and what it leaves open as the step says. Null: the build has no such codebase. */
async function sourceOf(context: StepContext, config: GitStep): Promise<Source | null> {
  const given: SourceStampData | undefined = context.run.data.sourcestamps[config.codebase]
  if (!given && !config.alwaysUseLatest) return null
  const stamp = config.alwaysUseLatest ? null : given
  const branch = stamp?.branch ?? await context.render(config.branch)
  return {
    repository: text(await context.render(config.repository), 'repository'),
    branch: branch === null || branch === '' ? 'HEAD' : text(branch, 'branch'),
    revision: stamp?.revision ?? null,
    patch: stamp?.patch && 'id' in stamp.patch ? stamp.patch : null,
  }
}

async function notInBuild(context: StepContext, { codebase }: GitStep): Promise<Result> {
  context.summary = `Codebase ${codebase} not in build (failure)`
  const log = await context.log('log')
  context.atEnd([...log.open(), log.append(1, Buffer.from(`No sourcestamp found in build for codebase '${codebase}'\n`))])
  return FAILURE
}

class GitFolder {
  readonly #context: StepContext
  readonly #config: GitStep
  readonly #source: Source
  #workdir: string | null = null

  constructor(context: StepContext, config: GitStep, source: Source) {
    this.#context = context
    this.#config = config
    this.#source = source
  }

  /** Runs git in the folder. Throws GitFailed unless it succeeds; `orElse` is for what may fail. */
  async run(args: string[], { capture = false, stdin = null, orElse }: { capture?: boolean; stdin?: string | null; orElse?: () => Promise<void> } = {}): Promise<string> {
    const { env } = this.#config
    // Nobody sits before the worker to type a password.
    const spec = await shellSpec(this.#context, { ...this.#config, command: ['git', ...args], env: { GIT_TERMINAL_PROMPT: '0', ...env }, workdir: await this.#folder() })
    const { rc, stdout } = await this.#context.command(stdin === null ? spec : { ...spec, args: { ...spec.args, initialStdin: stdin } }, { capture })
    if (rc === 0) return stdout
    if (!orElse) throw new GitFailed(`git ${args[0]} ended with ${rc}`)
    await orElse()
    return ''
  }

  async isRepository(): Promise<boolean> {
    const { rc } = await this.#context.command({ kind: 'stat', args: { path: inBuilddir(this.#context, `${await this.#folder()}/.git`) } })
    return rc === 0
  }

  async cloneAnew(): Promise<void> {
    const { repository, branch, revision } = this.#source
    await this.#remove(await this.#folder())
    const named = branch === 'HEAD' ? [] : ['--branch', branch]
    await this.run(['clone', ...named, ...this.#depth(), '--', repository, '.'], {
      // A branch that is only a ref (refs/pull/1/head) cannot be cloned, but can be fetched.
      orElse: async () => {
        await this.run(['init', '.'])
        await this.#fetch()
        await this.#checkout(revision ?? 'FETCH_HEAD')
      },
    })
    if (revision !== null) await this.#checkout(revision)
  }

  /** Brings what is there to the wanted revision; `method` says how clean it has to be (null: incremental). */
  async update(method: GitStep['method'] | null): Promise<void> {
    if (method !== null) await this.run(['clean', '-f', '-f', '-d', ...(method === 'fresh' ? ['-x'] : [])])
    await this.#fetch()
    await this.#checkout(this.#source.revision ?? 'FETCH_HEAD')
  }

  /** Where .gitmodules says now, as it says now, and as clean as the step's method wants it. */
  async updateSubmodules(): Promise<void> {
    const { mode, method } = this.#config
    await this.run(['submodule', 'sync', '--recursive'])
    await this.run(['submodule', 'update', '--init', '--recursive', '--force'])
    if (mode !== 'full' || (method !== 'clean' && method !== 'fresh')) return
    const clean = ['clean', '-f', '-f', '-d', ...(method === 'fresh' ? ['-x'] : [])]
    await this.run(['submodule', 'foreach', '--recursive', `git ${clean.join(' ')}`])
    // A submodule that is no more is only now a folder that belongs to nobody.
    await this.run(clean)
  }

  /** A clean copy of a clone that is kept beside it. */
  async copyFromSource(): Promise<void> {
    const target = await this.#folder()
    this.#workdir = 'source'
    if (await this.isRepository()) await this.update('clean')
    else await this.cloneAnew()
    await this.#remove(target)
    this.#workdir = target
    const { rc } = await this.#context.command({ kind: 'cpdir', args: { from: inBuilddir(this.#context, 'source'), to: inBuilddir(this.#context, target) } })
    if (rc !== 0) throw new GitFailed(`copying the source ended with ${rc}`)
  }

  /** What is applied is known to the index, so that the next checkout takes it away again. */
  async applyPatch(): Promise<void> {
    const { patch } = this.#source
    if (patch === null) return
    const { db, clock } = this.#context.run.parts
    const below = patch.subdir === '' || patch.subdir === '.' ? [] : [`--directory=${patch.subdir}`]
    // A copied tree has other times than the index remembers, which apply takes for changes.
    await this.run(['update-index', '-q', '--refresh'], { orElse: async () => {} })
    await this.run(['apply', '--index', '--whitespace=nowarn', '-p', String(patch.level), ...below], {
      stdin: await onceReachable(clock, () => readPatchBody(db, patch.id)),
      orElse: async () => {
        this.#context.summary = 'the patch does not apply'
        throw new GitFailed('the patch does not apply')
      },
    })
  }

  async reportRevision(): Promise<void> {
    const revision = (await this.run(['rev-parse', 'HEAD'], { capture: true })).trim()
    const { codebase } = this.#config
    const known = this.#context.run.properties['got_revision']?.[0]
    const value: Json = codebase === '' ? revision : { ...recordOf(known), [codebase]: revision }
    this.#context.atEnd([this.#context.setProperties({ got_revision: [value, 'Git'] })])
  }

  async #fetch(): Promise<void> {
    const { repository, branch, revision } = this.#source
    // The branch may be gone; the revision may be there all the same.
    const orElse = revision === null ? undefined : async () => { await this.run(['fetch', '-f', '-t', '--', repository, revision]) }
    await this.run(['fetch', '-f', '-t', ...this.#depth(), '--', repository, branch], { orElse })
  }

  async #checkout(revision: string): Promise<void> {
    await this.run(['checkout', '-f', revision, '--'], {
      // Not in what was fetched: the branch was rewritten, or the history is shallow.
      orElse: async () => {
        await this.run(['fetch', '-f', '--', this.#source.repository, revision])
        await this.run(['checkout', '-f', 'FETCH_HEAD', '--'])
      },
    })
    // Commands may ask git on which branch they are. A branch 'a' left here makes 'a/b' impossible: then they are on none.
    const { branch } = this.#source
    if (branch !== 'HEAD') await this.run(['checkout', '-B', branch], { orElse: async () => {} })
  }

  #depth(): string[] {
    return this.#config.shallow === null ? [] : ['--depth', String(this.#config.shallow)]
  }

  async #remove(folder: string): Promise<void> {
    const { rc } = await this.#context.command({ kind: 'rmdir', args: { paths: [inBuilddir(this.#context, folder)] } })
    if (rc !== 0) throw new GitFailed(`removing ${folder} ended with ${rc}`)
  }

  async #folder(): Promise<string> {
    this.#workdir ??= text(await this.#context.render(this.#config.workdir), 'workdir')
    return this.#workdir
  }
}
