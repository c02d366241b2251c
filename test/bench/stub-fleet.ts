import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { PASSWORD } from './installation.js'
import type { FleetOrder, FleetReport } from './stub-workers.js'

type Fleet = { url: string; names: string[]; /** Default: one line and the end at once. */ lines?: number; everyMs?: number }

/** Stub workers in processes of their own, at most 1,000 each. */
export class StubFleet {
  readonly #children: ChildProcess[] = []

  constructor({ url, names, lines = 1, everyMs = 0 }: Fleet) {
    for (let from = 0; from < names.length; from += 1000) {
      const child = fork(fileURLToPath(new URL('stub-workers.js', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      this.#children.push(child)
      child.send({ connect: { url, names: names.slice(from, from + 1000), password: PASSWORD, lines, everyMs } } satisfies FleetOrder)
    }
  }

  async report(): Promise<FleetReport> {
    const reports = await Promise.all(this.#children.map(async child => {
      const answer = once(child, 'message') as Promise<[FleetReport]>
      child.send({ report: true } satisfies FleetOrder)
      return (await answer)[0]
    }))
    return { acknowledged: Object.assign({}, ...reports.map(report => report.acknowledged)), started: reports.reduce((sum, report) => sum + report.started, 0) }
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
