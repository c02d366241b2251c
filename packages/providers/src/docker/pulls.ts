import type { Clock } from '@yardmaster/runtime'
import { ProviderError } from '../provider-error.js'
import { failure } from './failures.js'
import { authFor, pullQuery, type DockerHost, type RegistryAuth } from './hosts.js'

/** A line of what the daemon says while it pulls; it answers 200 before it knows whether it can. */
type Progress = { error?: string; errorDetail?: { message?: string } }

/** Shorter than callers wait for a machine: so they learn that none was made. */
const PATIENCE_MS = 30_000

/** Waits no longer than the caller; what is waited for goes on. */
function whileWanted(promise: Promise<void>, { clock, signal }: { clock: Clock; signal: AbortSignal }, given: () => Error): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(given())
    const cancel = clock.setTimeout(giveUp, PATIENCE_MS)
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    promise.then(resolve, reject).finally(() => { cancel(); signal.removeEventListener('abort', giveUp) })
  })
}

/**
 * Images being pulled, each once a host. Pulling may take longer than anybody waits for a machine, so it goes on when its caller gives up, and the next
 * caller finds more of it done.
 */
export function pulls(auth: RegistryAuth | null, clock: Clock) {
  const stop = new AbortController()
  const running = new Map<string, Promise<void>>()
  const pull = async ({ url, docker }: DockerHost, image: string): Promise<void> => {
    try {
      const stream = await docker.createImage(authFor(image, auth), { ...pullQuery(image), abortSignal: stop.signal })
      let rest = ''
      for await (const chunk of stream) {
        const lines = (rest + String(chunk)).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) throwIfFailed(line)
      }
      throwIfFailed(rest)
    } catch (error) {
      const { message, failureClass, code } = failure(url, `pull ${image}`, error)
      throw new ProviderError(message, { failureClass, code, mayHaveHappened: false, cause: error })
    }
  }
  return {
    pull(host: DockerHost, image: string, signal: AbortSignal): Promise<void> {
      const key = `${host.url} ${image}`
      const begun = running.get(key) ?? pull(host, image).finally(() => running.delete(key))
      running.set(key, begun)
      // Whoever waits hears of it; when nobody does any more, the next caller will.
      begun.catch(() => {})
      return whileWanted(begun, { clock, signal }, () => new ProviderError(`Docker host ${host.url}: ${image} is still being pulled`, { failureClass: 'retry', code: 'PULLING' }))
    },
    close: () => stop.abort(new Error('the provider was closed')),
  }
}

function throwIfFailed(line: string): void {
  if (line.trim() === '') return
  const { error, errorDetail } = JSON.parse(line) as Progress
  if (error !== undefined) throw new Error(errorDetail?.message ?? error)
}

export type Pulls = ReturnType<typeof pulls>
