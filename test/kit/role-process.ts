import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { systemClock } from '@yardmaster/runtime'
import { TestProcess } from './test-process.js'

const ROOT = join(import.meta.dirname, '../..')

export const programs = {
  scheduler: 'services/scheduler/dist/main.js',
  engine: 'services/engine/dist/main.js',
  'ui-api': 'services/ui-api/dist/main.js',
  'latent-worker-provisioner': 'services/latent-worker-provisioner/dist/main.js',
  worker: 'packages/worker/dist/main.js',
} as const
export type Program = keyof typeof programs

const READY_MS = 240_000
const clock = systemClock()

/** A process of one role, as `yard up` starts it. It has started when it says that it is ready (a worker: when it runs). */
export class RoleProcess extends TestProcess {
  readonly #program: Program
  readonly #env: NodeJS.ProcessEnv
  readonly #nodeOptions: string[]

  constructor(name: string, program: Program, env: NodeJS.ProcessEnv, nodeOptions: string[] = []) {
    super(name)
    this.#program = program
    this.#env = env
    this.#nodeOptions = nodeOptions
  }

  protected spawn(): ChildProcess {
    return spawn(process.execPath, ['--enable-source-maps', ...this.#nodeOptions, join(ROOT, programs[this.#program])], { env: this.#env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  }

  protected ready(child: ChildProcess): Promise<void> {
    if (this.#program === 'worker') return Promise.resolve()
    return new Promise<void>((resolve, reject) => {
      const fail = (what: string) => reject(new Error(`${this.name} ${what}:\n${this.lines.slice(-20).join('\n')}`))
      const cancel = clock.setTimeout(() => fail(`did not get ready within ${READY_MS} ms`), READY_MS)
      child.on('message', message => {
        if (typeof message !== 'object' || !('type' in message) || message.type !== 'ready') return
        cancel()
        resolve()
      })
      child.once('exit', (code, signal) => {
        cancel()
        fail(`ended before it was ready (${signal ?? code})`)
      })
    })
  }
}
