import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { findExecutable } from '@yardmaster/cli/local'
import { TestProcess } from './test-process.js'

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

/** Buildbot's own worker, unmodified, as a process of its own. It connects, again and again, by itself. */
export class StockWorker extends TestProcess {
  readonly basedir: string
  readonly #options: StockWorkerOptions

  constructor(options: StockWorkerOptions) {
    super(options.name)
    this.basedir = options.basedir
    this.#options = options
  }

  protected async spawn(): Promise<ChildProcess> {
    const { url, name, password, basedir, env = process.env } = this.#options
    if (stockWorkerProgram === null) throw new Error('buildbot-worker is not installed: it comes with Debian\'s package of that name')
    if (!existsSync(basedir)) {
      const { hostname, port } = new URL(url)
      await promisify(execFile)(stockWorkerProgram, ['create-worker', '--protocol=msgpack_experimental_v7', basedir, `${hostname}:${port}`, name, password], { env })
    }
    return spawn(stockWorkerProgram, ['start', '--nodaemon', basedir], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  }

  protected async ready(child: ChildProcess): Promise<void> {
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  }
}
