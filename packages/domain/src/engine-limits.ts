import type { Labels } from './labels.js'
import { mayServe, type BuilderView } from './worker-matching.js'

/** What one engine is limited to: builders by name (with * and ?), [] for all; and workers that have all of these labels. */
export type EngineLimits = { builders: string[]; labels: { [label: string]: string } }

/** Null, when it is not limited, serves everything. */
export function servesBuilder(limits: EngineLimits | null, builder: { name: string }): boolean {
  return limits === null || limits.builders.length === 0 || limits.builders.some(pattern => matches(pattern, builder.name))
}

/** Whether the engine takes the worker in: it has the labels, and some builder of the engine's can use it. */
export function takesWorker(limits: EngineLimits | null, worker: { name: string; labels: Labels }, builders: readonly (BuilderView & { name: string })[]): boolean {
  if (limits === null) return true
  if (!Object.entries(limits.labels).every(([label, value]) => worker.labels[label] === value)) return false
  return limits.builders.length === 0 || builders.some(builder => servesBuilder(limits, builder) && mayServe(worker, builder))
}

/** What a worker would have on each engine if all that could take it had alike: the sum of its parts. */
export function fairShare(ofEngine: number, takers: readonly (readonly number[])[]): number {
  return takers.reduce((sum, engines) => (engines.includes(ofEngine) ? sum + 1 / engines.length : sum), 0)
}

function matches(pattern: string, name: string): boolean {
  const source = pattern.split('').map(letter => (letter === '*' ? '.*' : letter === '?' ? '.' : letter.replace(/[\\^$.|+()[\]{}]/, '\\$&'))).join('')
  return new RegExp(`^${source}$`, 's').test(name)
}
