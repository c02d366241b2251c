import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ProbeOrder, ProbeReport } from './rest-probe.js'

/** One keep-alive client that asks for builds again and again, 20 ms after each answer. */
export class RestProbe {
  readonly #child: ChildProcess

  constructor(url: string) {
    this.#child = fork(fileURLToPath(new URL('rest-probe.js', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.send({ url: new URL('api/v2/builds?limit=50', url).href, gapMs: 20 } satisfies ProbeOrder)
  }

  /** Ends it. */
  async report(): Promise<ProbeReport> {
    const answer = once(this.#child, 'message') as Promise<[ProbeReport]>
    this.#child.send({ report: true } satisfies ProbeOrder)
    return (await answer)[0]
  }
}
