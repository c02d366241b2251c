import { safeName } from '@yardmaster/domain'
import type { BuilderConfig, ProjectConfig } from '@yardmaster/domain'
import { boolean, functionRef, name, properties, text, wholeNumber } from './leaves.js'
import { locks } from './locks.js'
import { list, mapOf, mapped, or, orNull, record } from './reader.js'
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
