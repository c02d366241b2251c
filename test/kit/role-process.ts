import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { systemClock } from '@yardmaster/runtime'

const ROOT = join(import.meta.dirname, '../..')

export const programs = {
  scheduler: 'services/scheduler/dist/main.js',
  engine: 'services/engine/dist/main.js',
  'ui-api': 'services/ui-api/dist/main.js',
  'latent-worker-provisioner': 'services/latent-worker-provisioner/dist/main.js',
  worker: 'packages/worker/dist/main.js',
} as const
export type Program = keyof typeof programs

const LINES_KEPT = 400
const RESTART_MS = 300
const STOP_MS = 20_000
const clock = systemClock()

/** A real process of one role, as `yard up` starts it, which the test may kill and start again. */
export class RoleProcess {
  readonly name: string
  readonly #program: Program
  readonly #env: NodeJS.ProcessEnv
  readonly #nodeOptions: string[]
  readonly lines: string[] = []
  /** How often it was started. */
  starts = 0
  #child: ChildProcess | null = null
  #ended: Promise<void> = Promise.resolve()
  #supervised = false
  #cancelRestart = () => {}

  constructor(name: string, program: Program, env: NodeJS.ProcessEnv, nodeOptions: string[] = []) {
    this.name = name
    this.#program = program
    this.#env = env
    this.#nodeOptions = nodeOptions
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.name} is not running`)
    return this.#child.pid
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves when the role says that it is ready (a worker: when it runs). */
  async start(): Promise<void> {
    this.starts += 1
    const child = spawn(process.execPath, ['--enable-source-maps', ...this.#nodeOptions, join(ROOT, programs[this.#program])], { env: this.#env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.#child = child
    this.#ended = new Promise(resolve => child.once('exit', () => { resolve(); this.#restartLater() }))
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', line => {
        this.lines.push(line)
        if (this.lines.length > LINES_KEPT) this.lines.shift()
      })
    }
    if (this.#program === 'worker') return
    await new Promise<void>((resolve, reject) => {
      child.on('message', message => { if (typeof message === 'object' && 'type' in message && message.type === 'ready') resolve() })
      child.once('exit', (code, signal) => reject(new Error(`${this.name} ended before it was ready (${signal ?? code}):\n${this.lines.slice(-20).join('\n')}`)))
    })
  }

  /** From now on it is started again when it ends, as by a supervisor, until it is stopped from here. */
  supervise(): void {
    this.#supervised = true
    if (!this.running) this.#restartLater()
  }

  /** It stays down when it ends. */
  leave(): void {
    this.#supervised = false
    this.#cancelRestart()
  }

  #restartLater(): void {
    this.#cancelRestart()
    if (this.#supervised) this.#cancelRestart = clock.setTimeout(() => { this.start().catch(() => {}) }, RESTART_MS)
  }

  /** Of the last run; null while it runs, or when a signal has ended it. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** kill -9, and gone. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  /** Ends when it is told to, or is killed when it is not running any more. */
  async stop(): Promise<void> {
    this.leave()
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

  get ended(): Promise<void> {
    return this.#ended
  }
}
