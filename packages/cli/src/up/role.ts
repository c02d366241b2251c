import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Clock } from '@yardmaster/runtime'
import { z } from 'zod'
import { describeEnding, identityOf, stopProcess, type Ending, type ProcessIdentity } from '../local/index.js'
import type { Running } from './keeper.js'

export type RoleOptions = {
  name: string
  /** The program's JavaScript file. */
  file: string
  args: string[]
  env: NodeJS.ProcessEnv
  clock: Clock
  /** Aborted: the start is given up. */
  signal: AbortSignal
  spawned(identity: ProcessIdentity): void
  /** Told every line that the process writes. */
  line(text: string): void
  /** How long an orderly end may take before it is killed. */
  stopWithinMs?: number
}

const readyWithinMs = 60_000
const defaultStopWithinMs = 20_000
const ReadyMessage = z.object({ type: z.literal('ready') })

function launch({ file, args, env, line }: RoleOptions): ChildProcess {
  // A process group of its own: Ctrl-C on the terminal reaches the supervisor alone, which stops the roles in order.
  // The IPC channel tells that the role is ready, and its loss tells the role that the supervisor is gone.
  const child = spawn(process.execPath, ['--enable-source-maps', file, ...args], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', line)
  return child
}

function whenReady(child: ChildProcess): Promise<'ready'> {
  return new Promise(resolve => {
    child.on('message', message => { if (ReadyMessage.safeParse(message).success) resolve('ready') })
  })
}

function whenEnded(child: ChildProcess): Promise<Ending> {
  return new Promise(resolve => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', () => resolve({ code: null, signal: null }))
  })
}

function whenAborted(signal: AbortSignal, waiting: AbortSignal): Promise<'aborted'> {
  return new Promise(resolve => {
    if (signal.aborted) resolve('aborted')
    signal.addEventListener('abort', () => resolve('aborted'), { once: true, signal: waiting })
  })
}

/** Starts a role as a process of its own and resolves when it says that it is ready; rejects, with the process gone, when it does not. */
export async function startRole(options: RoleOptions): Promise<Running> {
  const { name, clock, signal } = options
  signal.throwIfAborted()
  const child = launch(options)
  const ended = whenEnded(child)
  const identity = child.pid === undefined ? null : identityOf(child.pid)
  if (identity === null) throw new Error(`${name} ended at once (${describeEnding(await ended)})`)
  options.spawned(identity)
  const stop = async () => {
    await stopProcess(identity, { clock, signal: 'SIGTERM', withinMs: options.stopWithinMs ?? defaultStopWithinMs })
    await ended
  }
  const waiting = new AbortController()
  const late = clock.sleep(readyWithinMs, waiting.signal).then(() => 'late' as const, () => 'late' as const)
  const outcome = await Promise.race([whenReady(child), ended, whenAborted(signal, waiting.signal), late])
  waiting.abort()
  if (outcome === 'ready') return { identity, ended, stop }
  if (typeof outcome === 'object') throw new Error(`${name} could not start (${describeEnding(outcome)}); its output above says why`)
  await stop()
  throw new Error(outcome === 'late' ? `${name} was not ready within ${readyWithinMs / 1000} s; its output above says what it was doing` : 'stopped')
}
