import { isFunctionRef, safeName } from '@yardmaster/domain'
import type { BuilderConfig, FunctionRef, NoWorkerTimeout, PendingLimit, ProjectConfig } from '@yardmaster/domain'
import { duration, functionRef, oneOf, name, properties, text, wholeNumber } from './leaves.js'
import { locks } from './locks.js'
import { isRecord, leaf, list, mapOf, mapped, or, orNull, record } from './reader.js'
import type { Reader } from './reader.js'
import { env, step, withUniqueNames } from './steps.js'

export const project: Reader<ProjectConfig> = mapped(record({ name, slug: orNull(name), description: orNull(text) }, 'a project: { name, … }'), (given, at) => {
  const slug = given.slug ?? given.name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '')
  if (!/^[\p{L}\p{N}_-]+$/u.test(slug)) at.at('slug').wrong({ expected: "letters, digits, '-' and '_'", found: `'${slug}'` })
  return { ...given, slug }
})

/** A path below the worker's folder. */
const folder: Reader<string> = mapped(name, (path, at) => {
  const escapes = path.startsWith('/') || /^[A-Za-z]:/.test(path) || path.split(/[/\\]/).includes('..')
  return escapes ? at.wrong({ expected: "a folder below the worker's own, without '..'", found: `'${path}'` }) : path
})

export const collapseRequests: Reader<boolean | FunctionRef> = leaf('true, false or a function', value => (typeof value === 'boolean' || isFunctionRef(value) ? value : undefined))

const pendingLimit = record({ limit: wholeNumber(1), action: or(oneOf('refuse-new', 'drop-oldest'), 'refuse-new') }, "a limit: a number, or { limit, action: 'refuse-new' or 'drop-oldest' }")
const maxPending: Reader<PendingLimit> = (value, at) => (typeof value === 'number' ? { limit: wholeNumber(1)(value, at), action: 'refuse-new' } : pendingLimit(value, at))

const timeout = record({ after: duration, action: or(oneOf('fail', 'hold'), 'fail') }, "a time, or { after, action: 'fail' or 'hold' }")
const noWorkerTimeout: Reader<NoWorkerTimeout> = (value, at) => (isRecord(value) ? timeout(value, at) : { after: duration(value, at), action: 'fail' })

/** One of these values. */
const labelValues: Reader<string[]> = (value, at) => (Array.isArray(value) ? list(text, 'a list of texts')(value, at) : [text(value, at)])

/** What is not said of collapsing is what the configuration says of all. */
export const builder: Reader<Omit<BuilderConfig, 'collapseRequests'> & { collapseRequests: BuilderConfig['collapseRequests'] | null }> = mapped(record({
  name,
  key: orNull(name),
  project: orNull(name),
  description: orNull(text),
  tags: or(list(name, 'a list of tags'), []),
  builddir: orNull(folder),
  workers: or(list(name, 'a list of names of workers'), []),
  workerLabels: orNull(mapOf(labelValues, 'labels: a record of texts, or of lists of texts')),
  units: or(wholeNumber(1), 1),
  env: or(env, {}),
  properties: or(properties, {}),
  defaultProperties: or(properties, {}),
  collapseRequests: orNull(collapseRequests),
  maxPending: orNull(maxPending),
  noWorkerTimeout: orNull(noWorkerTimeout),
  locks,
  nextBuild: orNull(functionRef),
  nextWorker: orNull(functionRef),
  canStartBuild: orNull(functionRef),
  steps: list(step, 'a list of steps'),
}, 'a builder: { name, workers, steps, … }'), given => ({
  ...given, key: given.key ?? given.name, builddir: given.builddir ?? safeName(given.name), steps: withUniqueNames(given.steps),
}))
