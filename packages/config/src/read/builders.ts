import { safeName } from '@yardmaster/domain'
import type { BuilderConfig, ProjectConfig, WorkerConfig } from '@yardmaster/domain'
import { boolean, name, plainData, text, textOrSecret, wholeNumber } from './leaves.js'
import { byKind, list, mapOf, mapped, or, orNull, record } from './reader.js'
import type { Reader } from './reader.js'
import { env, step, withUniqueNames } from './steps.js'

/** Properties by name. */
export const properties = mapOf(plainData, 'properties: a record')

export const project: Reader<ProjectConfig> = mapped(record({ name, slug: orNull(name), description: orNull(text) }, 'a project: { name, … }'), (given, at) => {
  const slug = given.slug ?? given.name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '')
  if (!/^[\p{L}\p{N}_-]+$/u.test(slug)) at.at('slug').wrong({ expected: "letters, digits, '-' and '_'", found: `'${slug}'` })
  return { ...given, slug }
})

export const worker: Reader<WorkerConfig> = byKind<WorkerConfig>({
  worker: record({
    name, password: textOrSecret, maxBuilds: orNull(wholeNumber(1)), labels: or(mapOf(text, 'labels: a record of texts'), {}), properties: or(properties, {}),
  }, 'options of workers.worker'),
}, 'a worker: workers.worker(…)')

/** A path below the worker's folder. */
const folder: Reader<string> = mapped(name, (path, at) => {
  const escapes = path.startsWith('/') || /^[A-Za-z]:/.test(path) || path.split(/[/\\]/).includes('..')
  return escapes ? at.wrong({ expected: "a folder below the worker's own, without '..'", found: `'${path}'` }) : path
})

export const builder: Reader<BuilderConfig> = mapped(record({
  name,
  key: orNull(name),
  project: orNull(name),
  description: orNull(text),
  tags: or(list(name, 'a list of tags'), []),
  builddir: orNull(folder),
  workers: list(name, 'a list of names of workers'),
  env: or(env, {}),
  properties: or(properties, {}),
  collapseRequests: or(boolean, true),
  steps: list(step, 'a list of steps'),
}, 'a builder: { name, workers, steps, … }'), given => ({
  ...given, key: given.key ?? given.name, builddir: given.builddir ?? safeName(given.name), steps: withUniqueNames(given.steps),
}))
