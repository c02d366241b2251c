import { safeName } from '@yardmaster/domain'
import type { BuilderConfig, Downtime, ProjectConfig, Quarantine, WorkerConfig } from '@yardmaster/domain'
import { boolean, duration, durationOrNone, functionRef, name, oneOf, plainData, text, textOrSecret, wholeNumber } from './leaves.js'
import { locks } from './locks.js'
import { byKind, leaf, list, mapOf, mapped, or, orNull, record } from './reader.js'
import type { Reader } from './reader.js'
import { env, step, withUniqueNames } from './steps.js'

/** Properties by name. */
export const properties = mapOf(plainData, 'properties: a record')

export const project: Reader<ProjectConfig> = mapped(record({ name, slug: orNull(name), description: orNull(text) }, 'a project: { name, … }'), (given, at) => {
  const slug = given.slug ?? given.name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '')
  if (!/^[\p{L}\p{N}_-]+$/u.test(slug)) at.at('slug').wrong({ expected: "letters, digits, '-' and '_'", found: `'${slug}'` })
  return { ...given, slug }
})

const keepalive: Reader<number> = mapped(duration, (seconds, at) => (seconds >= 1 && seconds <= 3600 ? seconds : at.wrong({ expected: 'between 1 second and an hour', found: `${seconds} s` })))

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const timeOfDay = leaf("a time of day: 'HH:MM'", value => (typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(value) ? value : undefined))
const timeZone = leaf("a time zone such as 'Europe/Berlin'", value => (typeof value === 'string' && isTimeZone(value) ? value : undefined))

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}

const downtime: Reader<Downtime> = record({
  days: or(list(oneOf(...weekdays), 'a list of days'), [...weekdays]), from: timeOfDay, to: timeOfDay, timeZone: or(timeZone, 'UTC'), reason: orNull(text),
}, "a downtime: { from: 'HH:MM', to: 'HH:MM', … }")

const someQuarantine = record({ failures: or(wholeNumber(1), 3), backoff: or(duration, 60), maxBackoff: or(duration, 3600) }, 'a quarantine: { failures, backoff, maxBackoff }')
const quarantine: Reader<Quarantine | null> = (value, at) => (value === null ? null : someQuarantine(value ?? {}, at))

export const worker: Reader<WorkerConfig> = byKind<WorkerConfig>({
  worker: record({
    name, password: textOrSecret, maxBuilds: orNull(wholeNumber(1)), capacity: orNull(wholeNumber(1)), labels: or(mapOf(text, 'labels: a record of texts'), {}),
    properties: or(properties, {}), defaultProperties: or(properties, {}), keepaliveInterval: or(keepalive, 10), missingTimeout: durationOrNone(3600),
    notifyOnMissing: or(list(text, 'a list of addresses'), []), downtime: or(list(downtime, 'a list of downtimes'), []), quarantine, notes: orNull(text),
  }, 'options of workers.worker'),
}, 'a worker: workers.worker(…)')

/** A path below the worker's folder. */
const folder: Reader<string> = mapped(name, (path, at) => {
  const escapes = path.startsWith('/') || /^[A-Za-z]:/.test(path) || path.split(/[/\\]/).includes('..')
  return escapes ? at.wrong({ expected: "a folder below the worker's own, without '..'", found: `'${path}'` }) : path
})

/** One of these values. */
const labelValues: Reader<string[]> = (value, at) => (Array.isArray(value) ? list(text, 'a list of texts')(value, at) : [text(value, at)])

export const builder: Reader<BuilderConfig> = mapped(record({
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
  collapseRequests: or(boolean, true),
  locks,
  nextBuild: orNull(functionRef),
  nextWorker: orNull(functionRef),
  canStartBuild: orNull(functionRef),
  steps: list(step, 'a list of steps'),
}, 'a builder: { name, workers, steps, … }'), given => ({
  ...given, key: given.key ?? given.name, builddir: given.builddir ?? safeName(given.name), steps: withUniqueNames(given.steps),
}))
