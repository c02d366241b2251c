import { spawn } from 'node:child_process'
import { maskCredentials, type Clock } from '@yardmaster/runtime'
import { PollFailed } from './poll-failed.js'

export type GitCall = {
  /** With the subcommand first. */
  args: string[]
  /** The bare repository to work in; the subcommand works without one if there is none. */
  folder?: string
  input?: string
  /** Besides what every call has. */
  env?: NodeJS.ProcessEnv
  timeoutMs: number
  signal: AbortSignal
}

/** Runs git without a shell and without ever asking anybody; answers its output. Throws GitFailed. */
export type Git = (call: GitCall) => Promise<string>

/** Git could not do it, now: the poll that wanted it is over, the next one tries again. */
export class GitFailed extends PollFailed {
  override name = 'GitFailed'
  constructor(readonly command: string, readonly reason: string) {
    super(`${maskCredentials(command)}: ${maskCredentials(reason)}`)
  }
}

const OUTPUT_LIMIT = 256 * 1024 * 1024
const REASON_LIMIT = 4_000
const KILL_AFTER_MS = 3_000
/** Would lead git to the repository that this process was started from, for example by a hook. */
const misleading = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_COMMON_DIR', 'GIT_NAMESPACE', 'GIT_PREFIX', 'GIT_SHALLOW_FILE']
/** Cleaning up in the background would outlive the poll and hold locks that the next one needs. A mirror is only a copy: what a crash of the machine takes is fetched again. */
const settings = ['gc.autoDetach=false', 'maintenance.autoDetach=false', 'i18n.logOutputEncoding=UTF-8', 'core.quotePath=false', 'log.showSignature=false', 'core.fsync=none']

export function createGit({ env, clock }: { env: NodeJS.ProcessEnv; clock: Clock }): Git {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !misleading.includes(name)))
  const askNobody = env['GIT_SSH_COMMAND'] === undefined && env['GIT_SSH'] === undefined ? { GIT_SSH_COMMAND: 'ssh -o BatchMode=yes' } : {}
  const environment = { ...kept, ...askNobody, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' }
  return call => run(call, environment, clock)
}

function run({ args, folder, input = '', env: more, timeoutMs, signal }: GitCall, env: NodeJS.ProcessEnv, clock: Clock): Promise<string> {
  return new Promise((resolve, reject) => {
    const command = ['git', ...args].join(' ')
    const fail = (reason: string) => reject(new GitFailed(command, reason))
    if (signal.aborted) return fail('stopped before it began')
    const child = spawn('git', [...settings.flatMap(setting => ['-c', setting]), ...(folder === undefined ? [] : ['--git-dir', folder]), ...args],
      { env: { ...env, ...more }, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    let stopped: string | null = null
    // Git's helpers (ssh, git-remote-https) hang as it does: the whole group ends. First with SIGTERM, on which git removes its locks.
    const end = (name: NodeJS.Signals) => {
      try { if (child.pid !== undefined) process.kill(-child.pid, name) } catch { /* It has ended by itself. */ }
    }
    let cancelKill = () => {}
    const stop = (reason: string) => {
      if (stopped !== null) return
      stopped = reason
      end('SIGTERM')
      cancelKill = clock.setTimeout(() => end('SIGKILL'), KILL_AFTER_MS)
    }
    const onAbort = () => stop('stopped')
    signal.addEventListener('abort', onAbort, { once: true })
    const cancelTimer = clock.setTimeout(() => stop(`not done after ${timeoutMs / 1000} s`), timeoutMs)
    const output = collect(child.stdout, OUTPUT_LIMIT, () => stop(`more than ${OUTPUT_LIMIT} bytes of output`))
    const errors = collect(child.stderr, OUTPUT_LIMIT, () => stop(`more than ${OUTPUT_LIMIT} bytes of errors`))
    child.stdin.on('error', () => { /* Git closed it early; its exit code says why. */ })
    child.stdin.end(input)
    const finish = () => { cancelTimer(); cancelKill(); signal.removeEventListener('abort', onAbort) }
    child.once('error', error => { finish(); fail('code' in error && error.code === 'ENOENT' ? 'git is not on PATH: install it' : error.message) })
    child.once('close', (code, killedBy) => {
      finish()
      if (code === 0 && stopped === null) return resolve(output())
      fail(stopped ?? (errors().trim().slice(-REASON_LIMIT) || `ended with ${killedBy ?? `exit code ${code}`}`))
    })
  })
}

/** What a stream said so far, as UTF-8; bytes that are none become U+FFFD. */
function collect(stream: NodeJS.ReadableStream, limit: number, onTooMuch: () => void): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > limit) onTooMuch()
    else chunks.push(chunk)
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
