import { constants } from 'node:os'
import type { Context } from './context.js'
import { openNews, type News } from './news.js'
import { patient, type Remote } from './remote.js'
import { remoteFor, type RemoteOptions } from './commands/remote-options.js'

export type Means = { /** Patient. */ remote: Remote; news: News; signal: AbortSignal }
/** Or the exit code of what was interrupted. */
export type Waited<T> = { result: T; interrupted: null } | { result: null; interrupted: number }

/** Work that takes until something has happened elsewhere. Ctrl-C (or SIGTERM, SIGHUP) ends the waiting at once, and nothing else. */
export async function wait<T>(options: RemoteOptions, context: Context, work: (means: Means) => Promise<T>): Promise<Waited<T>> {
  const over = new AbortController()
  const { signal } = over
  let interrupted: number | null = null
  const heedNoMore = context.onSignal(received => {
    interrupted ??= 128 + constants.signals[received]
    over.abort()
  })
  try {
    const remote = patient(remoteFor(options, context, signal), context, signal)
    const news = openNews({ remote, clock: context.clock, random: context.random, signal })
    return { result: await work({ remote, news, signal }), interrupted: null }
  } catch (error) {
    if (interrupted === null) throw error
    return { result: null, interrupted }
  } finally {
    over.abort()
    heedNoMore()
  }
}
