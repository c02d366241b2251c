import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { findExecutable } from '@yardmaster/cli/local'

const LINES_KEPT = 400

/** Where Buildbot's own worker program is, of the system's packages; null when it is not installed. */
export const stockWorkerProgram = findExecutable('buildbot-worker', [])

export type StockWorkerOptions = {
  name: string
  password: string
  /** ws://host:port of an engine, or of what stands in front of engines. */
  url: string
  /** Is made when it is not there. */
  basedir: string
  env?: NodeJS.ProcessEnv
}

/** Buildbot's own worker, unmodified, as a process of its own which the test may kill and start again. */
export class StockWorker {
  readonly name: string
  readonly basedir: string
  readonly lines: string[] = []
  /** How often it was started. */
  starts = 0
  readonly #options: StockWorkerOptions
  #child: ChildProcess | null = null
  #ended: Promise<void> = Promise.resolve()

  constructor(options: StockWorkerOptions) {
    this.name = options.name
    this.basedir = options.basedir
    this.#options = options
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.name} is not running`)
    return this.#child.pid
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves when it runs. It connects, again and again, by itself. */
  async start(): Promise<void> {
    const { url, name, password, basedir, env = process.env } = this.#options
    if (stockWorkerProgram === null) throw new Error('buildbot-worker is not installed: it comes with Debian\'s package of that name')
    if (!existsSync(basedir)) {
      const { hostname, port } = new URL(url)
      await promisify(execFile)(stockWorkerProgram, ['create-worker', '--protocol=msgpack_experimental_v7', basedir, `${hostname}:${port}`, name, password], { env })
    }
    this.starts += 1
    const child = spawn(stockWorkerProgram, ['start', '--nodaemon', basedir], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    this.#ended = new Promise(resolve => child.once('exit', () => resolve()))
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', line => {
        this.lines.push(line.slice(0, 1000))
        if (this.lines.length > LINES_KEPT) this.lines.shift()
      })
    }
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** kill -9, and gone; what it had started goes on. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  async stop(): Promise<void> {
    if (this.running) {
      this.#child?.kill('SIGTERM')
      this.#child?.kill('SIGCONT')
    }
    await this.#ended
  }
}
