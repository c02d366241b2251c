import type { WorkerAccess } from '@yardmaster/domain'

/** Of Yardmaster's worker, and of Buildbot's in a container (which reaches one engine, by host and port). */
export const passwordVariables = ['YARD_WORKER_PASSWORD', 'WORKERPASS'] as const

/** What starts a worker in a container by the variables of its environment, but for the password. */
export function workerEnvironment({ name, engines }: WorkerAccess): { [name: string]: string } {
  const first = new URL(engines[0] ?? 'ws://127.0.0.1:9989')
  return {
    YARD_ENGINE: engines.join(','),
    YARD_WORKER_NAME: name,
    BUILDMASTER: first.hostname,
    BUILDMASTER_PORT: first.port || (first.protocol === 'wss:' ? '443' : '80'),
    BUILDMASTER_PROTOCOL: 'msgpack_experimental_v7',
    WORKERNAME: name,
    // What Buildbot's worker is to keep from its builds.
    WORKER_ENVIRONMENT_BLACKLIST: passwordVariables.join(' '),
  }
}
