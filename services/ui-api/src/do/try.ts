import { createHash, timingSafeEqual } from 'node:crypto'
import type { Transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { patchProblem, propertiesFrom, type Patch, type SourceStampData, type TryScheduler } from '@yardmaster/domain'
import type { TryBody, Tried, TryUser } from '@yardmaster/rest'
import type { ActiveGeneration, Deps } from '../deps.js'
import { invalidParams } from './control-error.js'

/** A try scheduler that somebody may use, with the generation that has it. */
export type Allowed = { scheduler: TryScheduler; generation: ActiveGeneration }

/** The try schedulers that this name and password open. All are compared, so that how long it takes tells nothing. */
export function allowedTo({ activeGenerations, secrets }: Pick<Deps, 'activeGenerations' | 'secrets'>, { username, password }: TryUser): Allowed[] {
  const allowed: Allowed[] = []
  for (const generation of activeGenerations()) {
    for (const scheduler of generation.configuration.schedulers) {
      if (scheduler.kind !== 'try') continue
      const opens = scheduler.userpass.map(({ user, password: wanted }) => {
        const known = typeof wanted === 'string' ? wanted : secrets.get(wanted.$secret)
        // Both are compared, whatever the first says.
        return [same(user, username), known !== undefined && same(known, password)].every(Boolean)
      })
      if (opens.includes(true)) allowed.push({ scheduler, generation })
    }
  }
  return allowed
}

const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Which of the user's schedulers is meant, and which of its builders. Throws ControlError. */
export function chooseTry(allowed: readonly Allowed[], { scheduler: name, builders }: Pick<TryBody, 'scheduler' | 'builders'>): Allowed & { builders: string[] } {
  const named = allowed.filter(({ scheduler }) => name === undefined || scheduler.name === name)
  if (named.length === 0) throw invalidParams(`you may not use a try scheduler '${name ?? ''}'; you may use: ${allowed.map(({ scheduler }) => scheduler.name).join(', ')}`)
  const having = named.filter(({ scheduler }) => (builders ?? []).every(builder => scheduler.builders.includes(builder)))
  const [only, ...others] = having
  if (!only) {
    const known = named.flatMap(({ scheduler }) => scheduler.builders)
    const unknown = (builders ?? []).filter(builder => !known.includes(builder))
    throw invalidParams(unknown.length > 0 ? `no try scheduler builds ${unknown.map(builder => `'${builder}'`).join(', ')}; you may try: ${[...new Set(known)].join(', ')}` : `no one try scheduler builds all of ${(builders ?? []).join(', ')}: try them one after the other`)
  }
  if (others.length > 0) throw invalidParams(`several try schedulers can do that: say which (${having.map(({ scheduler }) => scheduler.name).join(', ')})`)
  return { ...only, builders: [...new Set(builders ?? only.scheduler.builders)] }
}

/** Adds the buildset of a patch; like a forced build it needs no scheduler process. Throws ControlError. */
export async function tryPatch(tx: Transaction, { scheduler, generation, builders }: Allowed & { builders: string[] }, { username, body }: { username: string; body: TryBody }): Promise<Tried & { schedulerId: number }> {
  const [row] = await tx.query<{ id: number; enabled: boolean }>('SELECT id, enabled FROM schedulers WHERE name = $1', [scheduler.name])
  if (!row) throw invalidParams(`the scheduler '${scheduler.name}' is gone: try again`)
  if (!row.enabled) throw invalidParams(`the scheduler '${scheduler.name}' is disabled: enable it first`)
  const added = await addBuildset(tx, {
    reason: reasonOf(body), scheduler: scheduler.name, actor: `user:${username}`, generationId: generation.id, priority: scheduler.priority, builderNames: builders, externalId: body.jobid ?? null,
    properties: { ...propertiesFrom(scheduler.properties, 'Scheduler'), ...propertiesFrom(body.properties ?? {}, 'try build'), scheduler: [scheduler.name, 'Scheduler'] },
    sourcestamps: sourcestampsOf(scheduler, username, body),
  })
  return { buildsetid: added.buildsetId, schedulerId: row.id, buildrequests: added.requests.map(({ builderId, requestId }, at) => ({ builder: builders[at]!, builderid: builderId, buildrequestid: requestId })) }
}

/** Buildbot's words. */
function reasonOf({ who, comment }: TryBody): string {
  return `'try' job${who ? ` by user ${who}` : ''}${comment ? ` (${comment})` : ''}`
}

function sourcestampsOf({ codebases }: TryScheduler, username: string, body: TryBody): SourceStampData[] {
  const patch = patchOf(username, body)
  const names = Object.keys(codebases)
  const codebase = body.codebase ?? (names.length === 1 ? names[0]! : '')
  if (!Object.hasOwn(codebases, codebase)) throw invalidParams(`the patch must be for one of the codebases ${names.map(name => `'${name}'`).join(', ')}, found '${codebase}'`)
  return Object.entries(codebases).map(([name, { repository, branch, revision = null }]) => (name === codebase
    ? { codebase: name, repository: body.repository || repository, project: body.project ?? '', branch: body.branch || branch, revision: body.revision || revision, patch }
    : { codebase: name, repository, project: '', branch, revision }))
}

function patchOf(username: string, { patch: { body, level = 1, subdir = '.' }, who, comment = '' }: TryBody): Patch {
  const patch = { body, level, subdir, author: who || username, comment }
  const problem = patchProblem(patch)
  if (problem) throw invalidParams(problem.message)
  return patch
}
