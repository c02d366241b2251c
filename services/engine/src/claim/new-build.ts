import { posix, win32 } from 'node:path'
import type { Claim, ClaimedBuild } from '@yardmaster/db/verbs/claim-requests'
import type { ClaimableRequest } from '@yardmaster/db/verbs/find-claimable'
import type { MachineLimits } from '@yardmaster/db/verbs/machine-claims'
import { builderProperties, mergeProperties, propertiesFrom, sourceProperties, type BuilderConfig, type LockUse, type Properties } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { BuildData } from '../build/build-data.js'
import { byCodebase } from '../build/load-build.js'
import type { WorkerSession } from '../workers/worker-session.js'

/** A request and the worker that is to build it. `generation` is the one that the build will run on. */
export type Choice = {
  request: ClaimableRequest
  session: WorkerSession
  generation: LoadedGeneration
  builder: BuilderConfig
  units: number
  /** What the worker's machine may take, as the active configuration says; null: it connects by itself. */
  machine: MachineLimits | null
}

export function claimOf(choice: Choice, locks: LockUse[]): Claim {
  const { request, session, generation, builder, units, machine } = choice
  return {
    requestId: request.id, builderId: request.builderId, buildsetId: request.buildsetId, projectId: request.projectId, project: request.project,
    workerId: session.workerId, sessionNumber: session.number, units, generationId: generation.id,
    properties: initialProperties(choice), locks, machine,
    steps: builder.steps.map(step => step.name),
  }
}

/**
 * Buildbot's order: what the buildset says, over that what the builder says, then the worker, then what the build itself is.
 * Below all of it stand the defaults, of the builder over those of the worker.
 */
export function initialProperties({ request, session, generation, builder }: Choice): Properties {
  const worker = generation.configuration.workers.find(candidate => candidate.name === session.name)
  return mergeProperties(
    propertiesFrom(worker?.defaultProperties ?? {}, 'Worker'),
    propertiesFrom(builder.defaultProperties, 'Builder'),
    request.properties,
    builderProperties({ name: builder.name, id: request.builderId, project: request.project, projectId: request.projectId, properties: builder.properties }),
    propertiesFrom({ ...worker?.properties, workername: session.name, basedir: session.basedir, builddir: pathOn(session.basedir, builder.builddir) }, 'Worker'),
    sourceProperties(request.sourcestamps),
  )
}

/** Workers are of several systems: the folder says which. */
function pathOn(basedir: string, folder: string): string {
  return (/^[A-Za-z]:|\\/.test(basedir) ? win32 : posix).join(basedir, folder)
}

export function buildData({ request, generation, builder }: Choice, claim: Claim, build: ClaimedBuild): BuildData {
  return {
    ref: { id: build.buildId, number: build.number, builderId: request.builderId, workerId: claim.workerId, buildsetId: request.buildsetId, project: request.project },
    requestId: request.id, reason: request.reason, generation, builder, sourcestamps: byCodebase(request.sourcestamps), stopReason: null,
    properties: mergeProperties(claim.properties, { buildnumber: [build.number, 'Build'] }),
    steps: build.steps.map(({ id, number }) => ({ id, number, results: null, startedAt: false, urls: [], logs: [], journal: [] })),
  }
}
