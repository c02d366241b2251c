import { join } from 'node:path'
import type { Configuration } from '@yardmaster/domain'
import { fileSecrets, type Random, type Settings } from '@yardmaster/runtime'
import { keptSecret } from '../local/index.js'

export type LocalWorker = { name: string; password: string }

/**
 * The worker that `yard up` runs: the first of the configuration that connects by itself, or null if it has none. A password that is a secret nobody
 * has set is made up and kept in the secrets folder, where the engine finds it too.
 */
export function localWorker(configuration: Configuration, settings: Settings, env: NodeJS.ProcessEnv, random: Random): LocalWorker | null {
  const worker = configuration.workers.find(({ pool }) => pool === null)
  if (!worker?.password) return null
  if (typeof worker.password === 'string') return { name: worker.name, password: worker.password }
  const secret = worker.password.$secret
  const password = fileSecrets(settings.secretsDir, env).get(secret) ?? keptSecret(join(settings.secretsDir, secret), random)
  return { name: worker.name, password }
}

/** What of our environment a build's commands may see: no address with a password in it, none of our settings. */
function publicEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(YARD_.*|DATABASE_URL|NATS_URL|REDIS_URL|npm_.*|NODE_CHANNEL_.*)$/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)))
}

/** Where this machine reaches the engine. */
export function localEngine({ workerHost, workerPort }: Settings): string {
  return `ws://${workerHost === '0.0.0.0' ? '127.0.0.1' : workerHost}:${workerPort}`
}

export function workerEnvironment(worker: LocalWorker, settings: Settings, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...publicEnvironment(env),
    YARD_ENGINE: localEngine(settings),
    YARD_WORKER_NAME: worker.name,
    YARD_WORKER_PASSWORD: worker.password,
    YARD_WORKER_BASEDIR: join(settings.home, 'worker', worker.name),
    YARD_LOG_LEVEL: settings.logLevel,
  }
}
