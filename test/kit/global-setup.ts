import type { TestProject } from 'vitest/node'
import { startNats, startPostgres, startRedis, type TestServer } from './servers.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A PostgreSQL server for the whole run; use `freshDatabase()` of test/kit/database.ts for a database of one's own. */
    postgresUrl: string
    natsUrl: string
    redisUrl: string
  }
}

/** One server of each kind for the whole run. */
export default async function startServers({ provide }: TestProject): Promise<() => Promise<void>> {
  const starts = await Promise.allSettled([startPostgres(), startNats(), startRedis()])
  const started = starts.flatMap(start => start.status === 'fulfilled' ? [start.value] : [])
  const stopAll = async () => { await Promise.all(started.map((server: TestServer) => server.stop())) }
  const failed = starts.find(start => start.status === 'rejected')
  const [postgres, nats, redis] = started
  if (failed !== undefined || postgres === undefined || nats === undefined || redis === undefined) {
    await stopAll()
    throw failed?.reason
  }
  provide('postgresUrl', postgres.url)
  provide('natsUrl', nats.url)
  provide('redisUrl', redis.url)
  return stopAll
}
