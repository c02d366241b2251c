import { chmod, cp, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import type { CommandSpec, Ended } from '@yardmaster/worker-protocol'
import type { CommandContext, RunningCommand } from './context.js'
import { glob } from './glob.js'
import { isMachineTrouble } from './machine-trouble.js'
import { insideBasedir } from './paths.js'
import { sendFile } from './upload.js'

export type FileSpec = Exclude<CommandSpec, { kind: 'shell' }>

/** Encoded, a longer listing would come near the largest message. */
const LONGEST_LISTING = 100_000

/** The commands that need no process. An interrupt ends cpdir between two files and upload between two pieces; the others are finished first. */
export class FileCommand implements RunningCommand {
  readonly #spec: FileSpec
  readonly #context: CommandContext
  readonly #abort = new AbortController()
  readonly #done: Promise<void>

  constructor(spec: FileSpec, context: CommandContext) {
    this.#spec = spec
    this.#context = context
    this.#done = this.#run()
  }

  interrupt(why: string): void {
    this.#context.output.header(`command interrupted${why === '' ? '' : `: ${why}`}`)
    this.#abort.abort()
  }

  async kill(): Promise<void> {
    this.#abort.abort()
    await this.#done
  }

  killNow(): void {}

  async #run(): Promise<void> {
    const { clock, output, ended } = this.#context
    const began = clock.monotonic()
    let rc = 0
    let result: Ended['result']
    let trouble: string | null = null
    try {
      result = await perform(this.#spec, this.#context, this.#abort.signal)
    } catch (error) {
      const problem = error as NodeJS.ErrnoException
      rc = errnoOf(problem.code)
      if (!this.#abort.signal.aborted) output.header(`${this.#spec.kind}: ${problem.message}`)
      if (isMachineTrouble(error, 'anywhere')) trouble = `${this.#spec.kind}: ${problem.message}`
    }
    const interrupted = this.#abort.signal.aborted
    const elapsed = (clock.monotonic() - began) / 1000
    if (trouble !== null && !interrupted) return ended({ rc, failureReason: 'worker', elapsed, result: trouble })
    ended({ rc: interrupted ? -1 : rc, failureReason: interrupted ? 'interrupted' : null, elapsed, ...(rc === 0 && result !== undefined ? { result } : {}) })
  }
}

/** Of what has no code: that it was not permitted. */
function errnoOf(code: string | undefined): number {
  if (code === undefined) return constants.errno.EPERM
  return (constants.errno as Record<string, number>)[code] ?? constants.errno.EIO
}

async function perform(spec: FileSpec, context: CommandContext, signal: AbortSignal): Promise<Ended['result']> {
  const { basedir } = context
  switch (spec.kind) {
    case 'mkdir':
      for (const path of spec.args.paths) await mkdir(insideBasedir(basedir, path), { recursive: true })
      return
    case 'rmdir':
      for (const path of spec.args.paths) await removeTree(below(basedir, path))
      return
    case 'rmfile':
      for (const path of spec.args.paths) await rm(below(basedir, path))
      return
    case 'stat':
      return statNumbers(resolve(basedir, spec.args.path))
    case 'listdir':
      return bounded((await readdir(resolve(basedir, spec.args.path))).sort())
    case 'glob':
      return bounded(await glob(basedir, spec.args.path))
    case 'upload':
      await sendFile(spec.args, context, signal)
      return
    case 'cpdir':
      await copyTree(resolve(basedir, spec.args.from), below(basedir, spec.args.to), signal)
  }
}

function below(basedir: string, path: string): string {
  const full = insideBasedir(basedir, path)
  if (full === basedir) throw new Error(`'${path}' is the worker's base directory itself`)
  return full
}

async function statNumbers(path: string): Promise<number[]> {
  const { mode, ino, dev, nlink, uid, gid, size, atimeMs, mtimeMs, ctimeMs } = await stat(path)
  return [mode, ino, dev, nlink, uid, gid, size, ...[atimeMs, mtimeMs, ctimeMs].map(ms => Math.floor(ms / 1000))]
}

function bounded(names: string[]): string[] {
  if (names.length <= LONGEST_LISTING) return names
  throw Object.assign(new Error(`${names.length} names are more than the ${LONGEST_LISTING} that can be listed`), { code: 'E2BIG' })
}

async function copyTree(from: string, to: string, signal: AbortSignal): Promise<void> {
  const filter = () => {
    signal.throwIfAborted()
    return true
  }
  await cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, filter })
}

/** Folders without write permission, as package caches make them, are made writable and tried once more. */
async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ENOTEMPTY') throw error
    await makeWritable(path)
    await rm(path, { recursive: true, force: true })
  }
}

async function makeWritable(folder: string): Promise<void> {
  const status = await lstat(folder)
  if (!status.isDirectory()) return
  await chmod(folder, status.mode | 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await makeWritable(join(folder, entry.name))
}
