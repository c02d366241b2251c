import { locksAnswered } from '@yardmaster/config/host'
import { lockUses, type LockUse } from '@yardmaster/domain'
import { byCodebase } from '../build/load-build.js'
import { initialProperties, type Choice } from './new-build.js'

/** What a build of the choice is to hold from its claim to its end; or why its builder's function did not say. */
export type RenderedLocks = { uses: LockUse[] } | { failed: string }

/** As the generation says that the build will run on. A function sees what the build begins with, but has no build yet: ids and number are 0. */
export async function renderBuilderLocks(choice: Choice): Promise<RenderedLocks> {
  const { request, session, generation, builder } = choice
  const worker = { id: session.workerId, name: session.name }
  if (Array.isArray(builder.locks)) return { uses: lockUses(builder.locks, worker) }
  const build = { id: 0, number: 0, builder: builder.name, worker: session.name, buildset: request.buildsetId, buildrequest: request.id, reason: request.reason }
  try {
    const view = { properties: initialProperties(choice), sourcestamps: byCodebase(request.sourcestamps), build }
    return { uses: lockUses(locksAnswered(await generation.threads.call(builder.locks, { view }), `locks of builder ${builder.name}`), worker) }
  } catch (error) {
    return { failed: `the function 'locks' of its builder failed: ${error instanceof Error ? error.message : String(error)}`.slice(0, 500) }
  }
}
