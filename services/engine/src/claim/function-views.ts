import type { ClaimableRequest } from '@yardmaster/db/verbs/find-claimable'
import { isRecord, type Json, type WorkerView } from '@yardmaster/domain'
import { byCodebase } from '../build/load-build.js'
import type { RunningOn } from '@yardmaster/db/verbs/read-worker-views'

/** The request as the functions that choose see it (`RequestView` of the configuration's vocabulary). */
export function requestView(request: ClaimableRequest, builder: string): { [key: string]: Json } {
  const { id, buildsetId, priority, submittedAt, waitedFor, reason, properties, sourcestamps } = request
  const values = Object.fromEntries(Object.entries(properties).map(([name, [value]]) => [name, value]))
  const stamps = Object.fromEntries(Object.entries(byCodebase(sourcestamps)).map(([codebase, { patch, ...stamp }]) => [codebase, { ...stamp, ...(patch ? { patch } : {}) }]))
  return { id, builder, buildset: buildsetId, priority, submittedAt, waitedFor, reason, properties: values, sourcestamps: stamps }
}

/** The worker as they see it (`WorkerChoice`). */
export function workerChoice({ name, labels, maxBuilds }: WorkerView, building: readonly RunningOn[]): { [key: string]: Json } {
  return { name, labels: { ...labels }, maxBuilds, building: building.map(({ builder, request }) => ({ builder, request })) }
}

/** What an answer names: it may be the thing that was given, or its id or name. */
export function named(answer: Json, key: 'id' | 'name'): Json {
  return isRecord(answer) ? answer[key] ?? null : answer
}

const MOST_SAID = 500

/** `canStartBuild`'s answer. Throws when it is none. */
export function readCanStart(answer: Json): boolean | { notBefore: number; reason: string } {
  if (typeof answer === 'boolean') return answer
  if (isRecord(answer) && typeof answer['notBefore'] === 'number') {
    return { notBefore: answer['notBefore'], reason: typeof answer['reason'] === 'string' ? answer['reason'].slice(0, MOST_SAID) : '' }
  }
  throw new Error(`canStartBuild: expected true, false or { notBefore, reason }, found ${JSON.stringify(answer)}`)
}

/** One of `known`, or null. Throws when it is something else. */
export function readOneOf<Key extends string | number>(what: string, key: 'id' | 'name', known: readonly Key[]): (answer: Json) => Key | null {
  return answer => {
    const chosen = named(answer, key)
    if (chosen === null) return null
    const found = known.find(each => each === chosen)
    if (found === undefined) throw new Error(`${what}: expected one of those that it was given, or null, found ${JSON.stringify(answer).slice(0, 200)}`)
    return found
  }
}
