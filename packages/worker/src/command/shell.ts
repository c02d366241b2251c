import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { identify, killTree, killTreeNow, signalTree, type Tree } from '@yardmaster/runtime/processes'
import type { FailureReason, ShellArgs } from '@yardmaster/worker-protocol'
import { closeWriter } from '../pipes.js'
import type { CommandContext, RunningCommand } from './context.js'
import { commandEnvironment, MARKER } from './environment.js'
import { argvOf, count, pythonList, startHeader } from './headers.js'
import { isMachineTrouble } from './machine-trouble.js'
import { LogfileWatcher } from './logfile.js'
import { insideBasedir } from './paths.js'
import { silenceTimer } from '../silence-timer.js'

/** How long after KILL a process that cannot die, or its pipes held by an escaped one, may delay the end. */
const UNKILLABLE_MS = 3000

/**
 * A process of the machine and all that it starts. It ends when its first process has exited *and* nobody holds its output any more,
 * as in Buildbot; what it left in the background without output lives on.
 */
export class ShellCommand implements RunningCommand {
  readonly #args: ShellArgs
  readonly #context: CommandContext
  readonly #began: number
  readonly #cancels: (() => void)[] = []
  readonly #watchers: LogfileWatcher[] = []
  readonly #readers: Readable[] = []
  #child: ChildProcess | null = null
  #exit: { code: number | null; signal: NodeJS.Signals | null } | null = null
  #stopping: FailureReason | null = null
  /** What the machine could not do, where `#stopping` is `worker`. */
  #trouble: string | null = null
  #killed: Promise<boolean> | null = null
  #finished = false
  #openReaders = 0
  #lastOutput: number

  constructor(args: ShellArgs, context: CommandContext) {
    this.#args = args
    this.#context = context
    this.#began = context.clock.monotonic()
    this.#lastOutput = this.#began
    try {
      this.#start()
    } catch (error) {
      this.#failedStart(error)
    }
  }

  interrupt(why: string): void {
    this.#stop('interrupted', `command interrupted${why === '' ? '' : `: ${why}`}, attempting to kill`)
  }

  async kill(): Promise<void> {
    this.#stopping ??= 'interrupted'
    await this.#kill()
  }

  killNow(): void {
    if (!this.#finished) killTreeNow(this.#tree())
  }

  #tree(): Tree {
    // Once it has exited its pid may be another's: then only the mark tells who belongs to it.
    return { mark: { name: MARKER, value: this.#context.command }, root: this.#exit === null ? this.#child?.pid ?? null : null }
  }

  #start(): void {
    const { basedir, environment, command, output, clock } = this.#context
    const workdir = insideBasedir(basedir, this.#args.workdir)
    const env = commandEnvironment({ inherited: environment, env: this.#args.env, workdir, command })
    const usePTY = this.#args.usePTY && this.#context.pty !== null
    output.header(startHeader({ ...this.#args, usePTY }, workdir, env))
    if (this.#args.usePTY && !usePTY) output.header("PTY not available: install util-linux's script(1) on the worker")
    makeWorkdir(workdir)
    for (const [name, { filename, follow }] of Object.entries(this.#args.logfiles)) {
      const path = resolve(workdir, filename)
      this.#watchers.push(new LogfileWatcher({ path, follow, clock, lines: output.logfile(name), room: () => output.room(), onBytes: () => this.#onOutput() }))
    }
    this.#spawn(workdir, usePTY ? { ...env, SHELL: '/bin/sh' } : env, usePTY)
    this.#limitTime()
  }

  #spawn(cwd: string, env: Record<string, string>, usePTY: boolean): void {
    const [file = '', ...rest] = usePTY ? ptyArgv(this.#context.pty ?? '', argvOf(this.#args)) : argvOf(this.#args)
    const pipes = this.#context.pipes.takeTwo()
    const stdin = this.#args.initialStdin === null ? 'ignore' : 'pipe'
    try {
      this.#child = spawn(file, rest, { cwd, env, detached: true, stdio: [stdin, pipes[0]?.writer ?? 'pipe', pipes[1]?.writer ?? 'pipe'] })
    } catch (error) {
      for (const pipe of pipes) pipe?.reader.destroy()
      throw error
    } finally {
      for (const pipe of pipes) if (pipe !== null) closeWriter(pipe)
    }
    const child = this.#child
    child.once('error', error => this.#failedStart(error))
    child.once('exit', (code, signal) => {
      this.#exit = { code, signal }
      this.#finishWhenDone()
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(this.#args.initialStdin)
    this.#read(pipes[0]?.reader ?? child.stdout, 'o')
    this.#read(pipes[1]?.reader ?? child.stderr, 'e')
    this.#writeDown(child.pid)
  }

  /** A command that an heir of this worker could not find must not run. */
  #writeDown(pid: number | undefined): void {
    const identity = pid === undefined ? null : identify(pid)
    try {
      if (identity !== null) this.#context.spawned(identity)
    } catch (error) {
      this.#trouble = `its journal cannot be written: ${(error as Error).message}`
      this.#stopping = 'worker'
      this.#context.output.header(`${this.#trouble}, attempting to kill`)
      void this.#kill()
    }
  }

  #read(stream: Readable | null, prefix: 'o' | 'e'): void {
    if (stream === null) return
    const { output } = this.#context
    const lines = output.stream(prefix)
    this.#readers.push(stream)
    this.#openReaders++
    stream.on('data', (chunk: Buffer) => {
      lines.write(chunk)
      this.#onOutput()
      if (!output.full) return
      stream.pause()
      void output.room().then(() => {
        this.#onOutput()
        stream.resume()
      })
    })
    stream.on('error', () => {})
    stream.once('close', () => {
      lines.end()
      this.#openReaders--
      this.#finishWhenDone()
    })
  }

  #onOutput(): void {
    this.#lastOutput = this.#context.clock.monotonic()
  }

  #limitTime(): void {
    const { timeout, maxTime } = this.#args
    const { clock, output } = this.#context
    const running = `running ${pythonList(argvOf(this.#args))}, attempting to kill`
    if (maxTime !== null) {
      this.#cancels.push(clock.setTimeout(() => this.#stop('timeout', `command timed out: ${count(maxTime, 'second')} elapsed ${running}`), maxTime * 1000))
    }
    if (timeout !== null) {
      this.#cancels.push(silenceTimer({
        clock,
        limitMs: timeout * 1000,
        // While nobody takes its output, a command cannot be blamed for its silence.
        lastSound: () => (output.full ? clock.monotonic() : this.#lastOutput),
        onSilence: () => this.#stop('timeout_without_output', `command timed out: ${count(timeout, 'second')} without output ${running}`),
      }))
    }
  }

  #stop(reason: FailureReason, header: string): void {
    if (this.#stopping !== null || this.#finished) return
    this.#stopping = reason
    this.#context.output.header(header)
    const { sigtermTime } = this.#args
    if (sigtermTime === null) return void this.#kill()
    signalTree(this.#tree(), 'SIGTERM')
    this.#cancels.push(this.#context.clock.setTimeout(() => void this.#kill(), sigtermTime * 1000))
  }

  #kill(): Promise<boolean> {
    this.#killed ??= killTree(this.#tree(), this.#context.clock).then(gone => {
      this.#giveUpLater()
      return gone
    })
    return this.#killed
  }

  /** What the dead process has written is read first, however long nobody takes it. */
  #giveUpLater(): void {
    void this.#context.output.room().then(() => {
      if (!this.#finished) this.#cancels.push(this.#context.clock.setTimeout(() => this.#giveUp(), UNKILLABLE_MS))
    })
  }

  #giveUp(): void {
    if (this.#context.output.full) return this.#giveUpLater()
    if (this.#exit === null) this.#context.output.header('SIGKILL failed to kill process')
    this.#exit ??= { code: null, signal: null }
    for (const reader of this.#readers) reader.destroy()
    this.#finishWhenDone()
  }

  #finishWhenDone(): void {
    if (this.#exit === null || this.#openReaders > 0 || this.#finished) return
    this.#finished = true
    void this.#finish()
  }

  async #finish(): Promise<void> {
    for (const cancel of this.#cancels) cancel()
    // A process that ignored TERM and has left the pipes may be all that remains: it must not outlive its command.
    if (this.#stopping !== null) await this.#kill()
    for (const watcher of this.#watchers) await watcher.stop()
    const { output, clock } = this.#context
    const elapsed = (clock.monotonic() - this.#began) / 1000
    const { code = null, signal = null } = this.#exit ?? {}
    const rc = this.#stopping !== null || code === null ? -1 : code
    if (signal !== null) output.header(`process killed by signal ${constants.signals[signal]}`)
    output.header(`program finished with exit code ${rc}\nelapsedTime=${elapsed.toFixed(6)}`)
    this.#context.ended({ rc, failureReason: this.#stopping, elapsed, ...(this.#trouble === null ? {} : { result: this.#trouble }) })
  }

  /** As a shell says it: 127 for what is not there, 126 for what cannot be executed. */
  #failedStart(error: unknown): void {
    if (this.#finished) return
    this.#finished = true
    for (const cancel of this.#cancels) cancel()
    for (const reader of this.#readers) reader.destroy()
    const { output, clock } = this.#context
    const problem = error as NodeJS.ErrnoException
    const rc = problem.code === 'ENOENT' ? 127 : 126
    const trouble = error instanceof NoWorkdir || isMachineTrouble(error, 'anywhere')
    const elapsed = (clock.monotonic() - this.#began) / 1000
    void Promise.all(this.#watchers.map(watcher => watcher.stop())).then(() => {
      output.header(`cannot start the command: ${problem.message}\nprogram finished with exit code ${rc}\nelapsedTime=${elapsed.toFixed(6)}`)
      this.#context.ended({ rc, failureReason: trouble ? 'worker' : 'spawn', elapsed, ...(trouble ? { result: problem.message } : {}) })
    })
  }
}

class NoWorkdir extends Error {}

function makeWorkdir(workdir: string): void {
  try {
    mkdirSync(workdir, { recursive: true })
  } catch (error) {
    if (isMachineTrouble(error, 'own folder')) throw new NoWorkdir(`the folder ${workdir} cannot be made: ${(error as Error).message}`, { cause: error })
    throw error
  }
}

function ptyArgv(script: string, argv: string[]): string[] {
  return [script, '-qefc', argv.map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' '), '/dev/null']
}
