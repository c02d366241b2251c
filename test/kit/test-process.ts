import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { systemClock } from '@yardmaster/runtime'

const LINES_KEPT = 400
const LONGEST_LINE = 2_000
const RESTART_MS = 300
const STOP_MS = 20_000
const clock = systemClock()

/** A real process, which the test may kill and start again. */
export abstract class TestProcess {
  readonly name: string
  readonly lines: string[] = []
  /** How often it was started. */
  starts = 0
  #child: ChildProcess | null = null
  #ended: Promise<void> = Promise.resolve()
  #supervised = false
  #cancelRestart = () => {}

  constructor(name: string) {
    this.name = name
  }

  /** With its output in pipes. */
  protected abstract spawn(): ChildProcess | Promise<ChildProcess>
  /** Resolves when the process that was just spawned does its work. */
  protected abstract ready(child: ChildProcess): Promise<void>

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.name} is not running`)
    return this.#child.pid
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  get ended(): Promise<void> {
    return this.#ended
  }

  /** Of the last run; null while it runs, or when a signal has ended it. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null
  }

  async start(): Promise<void> {
    this.starts += 1
    const child = await this.spawn()
    this.#child = child
    this.#ended = new Promise(resolve => child.once('exit', () => { resolve(); this.#restartLater() }))
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue
      createInterface({ input: stream }).on('line', line => {
        this.lines.push(line.slice(0, LONGEST_LINE))
        if (this.lines.length > LINES_KEPT) this.lines.shift()
      })
    }
    await this.ready(child)
  }

  /** From now on it is started again when it ends, as by a supervisor, until it is stopped from here. */
  supervise(): void {
    this.#supervised = true
    if (!this.running) this.#restartLater()
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** kill -9, and gone; what it had started may go on. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  /** Ends when it is told to, and stays down; at last it is killed. */
  async stop(): Promise<void> {
    this.#supervised = false
    this.#cancelRestart()
    if (this.running) {
      this.#child?.kill('SIGTERM')
      this.#child?.kill('SIGCONT')
    }
    const cancel = clock.setTimeout(() => {
      process.stderr.write(`${this.name} did not end within ${STOP_MS} ms of SIGTERM and was killed\n`)
      this.#child?.kill('SIGKILL')
    }, STOP_MS)
    await this.#ended
    cancel()
  }

  #restartLater(): void {
    this.#cancelRestart()
    if (this.#supervised) this.#cancelRestart = clock.setTimeout(() => { this.start().catch(() => {}) }, RESTART_MS)
  }
}
