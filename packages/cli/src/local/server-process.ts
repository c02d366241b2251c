import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import type { Clock } from '@yardmaster/runtime'
import { identityOf, stopProcess, type ProcessIdentity } from './process-identity.js'
import { holdsWithin } from './wait.js'

/** How a process ended. */
export type Ending = { code: number | null; signal: NodeJS.Signals | null }

export function describeEnding({ code, signal }: Ending): string {
  return signal === null ? `exit code ${code}` : `killed by ${signal}`
}

/** A server that listens on 127.0.0.1 until it is stopped. */
export type LocalServer = {
  /** With user and password. */
  url: string
  port: number
  identity: ProcessIdentity
  logFile: string
  /** Resolves when the process has ended, whoever ended it. */
  ended: Promise<Ending>
  /** Orderly; resolves when the process is gone. */
  stop(): Promise<void>
}

export type ServerCommand = {
  name: string
  file: string
  args: string[]
  logFile: string
  account?: { uid: number; gid: number } | null
  clock: Clock
  stopSignal: NodeJS.Signals
  startWithinMs: number
  /** Told as soon as the process exists, so that it can be found again even if we are killed now. */
  spawned?: ((identity: ProcessIdentity) => void) | undefined
  /** Whether the server takes connections now. */
  answers(pid: number): boolean | Promise<boolean>
}

export type StartedProcess = Omit<LocalServer, 'url' | 'port'>

/** Thrown when a server ended or kept silent instead of becoming ready; `output` is what it wrote meanwhile. */
export class ServerDidNotStart extends Error {
  override readonly name = 'ServerDidNotStart'
  constructor(message: string, readonly output: string) {
    super(message)
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function launch(command: ServerCommand): ChildProcess {
  const log = openSync(command.logFile, 'a', 0o600)
  try {
    // Its own process group, and no pipe to us: Ctrl-C on the terminal must not end it before those who use it,
    // and it must not stumble when we are killed.
    return spawn(command.file, command.args, {
      cwd: '/', detached: true, stdio: ['ignore', log, log],
      env: { PATH: process.env.PATH, LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH, LC_ALL: 'C', TZ: 'UTC' },
      ...command.account,
    })
  } finally {
    closeSync(log)
  }
}

function watchEnd(child: ChildProcess): { ended: Promise<Ending>; reason(): string | null } {
  let reason: string | null = null
  const ended = new Promise<Ending>(resolve => {
    child.once('exit', (code, signal) => {
      reason = `ended (${describeEnding({ code, signal })})`
      resolve({ code, signal })
    })
    child.once('error', error => {
      reason = `cannot be run: ${error.message}`
      resolve({ code: null, signal: null })
    })
  })
  return { ended, reason: () => reason }
}

/** Starts a server detached, its output in a log file, and resolves when it answers. Throws {@link ServerDidNotStart}. */
export async function startServerProcess(command: ServerCommand): Promise<StartedProcess> {
  const logStart = sizeOf(command.logFile)
  const child = launch(command)
  const { ended, reason } = watchEnd(child)
  const output = () => readFileSync(command.logFile).subarray(logStart).toString('utf8').trim()
  const identity = child.pid === undefined ? null : identityOf(child.pid)
  if (identity !== null) command.spawned?.(identity)
  const stopWithin = (withinMs: number) => identity === null ? undefined : stopProcess(identity, { clock: command.clock, signal: command.stopSignal, withinMs })
  const settled = await holdsWithin(command.clock, command.startWithinMs, async () => reason() !== null || (identity !== null && await command.answers(identity.pid)))
  if (!settled || reason() !== null || identity === null) {
    await stopWithin(5_000)
    throw new ServerDidNotStart(`${command.name} ${reason() ?? `did not answer within ${command.startWithinMs / 1000} s`}; its log is ${command.logFile}`, output())
  }
  const stop = async () => {
    await stopWithin(30_000)
    await ended
  }
  return { identity, logFile: command.logFile, ended, stop }
}
