import { locksAnswered } from '@yardmaster/config/host'
import { lockUses, type BuilderConfig, type LockUse } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Clock } from '@yardmaster/runtime'
import { byCodebase } from '../build/load-build.js'
import { initialProperties, type Choice } from './new-build.js'

/** What a build of the choice is to hold from its claim to its end; or why its builder's function did not say. */
type RenderedLocks = { uses: LockUse[] } | { failed: string }

/** How long a function that failed is left alone: what it would have delayed again and again goes on without it. */
const PAUSE_MS = 10_000

type Failure = { failed: string; until: number }

/** Of each generation, by the address of the function. */
const failures = new WeakMap<LoadedGeneration, Map<string, Failure>>()

/** In the order of the choices. Builders at the same time; of one builder one after the other, and none any more once its function has failed. */
export async function renderAllLocks(choices: readonly Choice[], clock: Clock): Promise<RenderedLocks[]> {
  const rendered = new Map<Choice, RenderedLocks>()
  const builders = new Map<BuilderConfig, Choice[]>()
  for (const choice of choices) builders.set(choice.builder, [...builders.get(choice.builder) ?? [], choice])
  await Promise.all([...builders.values()].map(async own => {
    for (const choice of own) rendered.set(choice, knownFailure(choice, clock) ?? noted(choice, clock, await renderBuilderLocks(choice)))
  }))
  return choices.map(choice => rendered.get(choice)!)
}

function knownFailure({ generation, builder: { locks } }: Choice, clock: Clock): Failure | null {
  const failure = Array.isArray(locks) ? undefined : failures.get(generation)?.get(locks.$fn)
  return failure && clock.monotonic() < failure.until ? failure : null
}

function noted({ generation, builder: { locks } }: Choice, clock: Clock, rendered: RenderedLocks): RenderedLocks {
  if (Array.isArray(locks) || 'uses' in rendered) return rendered
  const known = failures.get(generation) ?? new Map<string, Failure>()
  failures.set(generation, known.set(locks.$fn, { failed: rendered.failed, until: clock.monotonic() + PAUSE_MS }))
  return rendered
}

/** As the generation says that the build will run on. A function sees what the build begins with, but has no build yet: ids and number are 0. */
async function renderBuilderLocks(choice: Choice): Promise<RenderedLocks> {
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
