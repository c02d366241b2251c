import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { PASSWORD } from './installation.js'
import type { FleetOrder } from './stub-workers.js'

type Fleet = { url: string; names: string[] }

/** Stub workers in processes of their own, at most 1,000 each. */
export class StubFleet {
  readonly #children: ChildProcess[] = []

  constructor({ url, names }: Fleet) {
    for (let from = 0; from < names.length; from += 1000) {
      const child = fork(fileURLToPath(new URL('stub-workers.js', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      this.#children.push(child)
      child.send({ connect: { url, names: names.slice(from, from + 1000), password: PASSWORD } } satisfies FleetOrder)
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map(async child => {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    }))
  }
}

export const workerNames = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`)
