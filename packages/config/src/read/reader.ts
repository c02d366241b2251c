import { toText } from '@yardmaster/domain'
import type { Json } from '@yardmaster/domain'
import { nearestName } from '../host/nearest.js'

export type Path = readonly (string | number)[]
export type Described = { [key: string]: Json }

/** A problem before it is known in which file it is. */
export type Finding = { path: Path; expected: string; found: string; nearest?: string; message: string; /** It may be meant so: the configuration is taken all the same. */ warning?: true }

/** One for all: it carries nothing, the findings do. */
const stop = new Error('a finding has been recorded')

/** Where the reading is in the configuration, and who is told of what is wrong there. */
export class Place {
  constructor(readonly path: Path, readonly findings: Finding[]) {}

  at(key: string | number): Place {
    return new Place([...this.path, key], this.findings)
  }

  /** Records a problem and goes on. */
  note(finding: Omit<Finding, 'path' | 'message'> & { message?: string }): void {
    const hint = finding.nearest === undefined ? '' : `; did you mean '${finding.nearest}'?`
    this.findings.push({ path: this.path, message: `expected ${finding.expected}, found ${finding.found}${hint}`, ...finding })
  }

  /** Records what is likely not meant, and goes on: the configuration is taken all the same. */
  warn(message: string): void {
    this.findings.push({ path: this.path, expected: '', found: '', message, warning: true })
  }

  /** Records a problem and gives up what is being read; the reading of its neighbours goes on. */
  wrong(finding: Omit<Finding, 'path' | 'message'> & { message?: string }): never {
    this.note(finding)
    throw stop
  }
}

/** Checks a described value and fills in defaults; undefined: it was not said. Whatever is wrong is told to the place. */
export type Reader<T> = (value: Json | undefined, at: Place) => T

/** The outcome of a reader, or undefined when it gave up. */
export function attempt<T>(read: () => T): { value: T } | undefined {
  try {
    return { value: read() }
  } catch (error) {
    if (error === stop) return undefined
    throw error
  }
}

export const isRecord = (value: Json | undefined): value is Described => typeof value === 'object' && value !== null && !Array.isArray(value)

const marks = ['$fn', '$regex', '$odd', '$interpolate', '$property', '$secret', '$lock']
/** Keys that the description adds, and that no user has written. */
const isAdded = (key: string): boolean => key === '$kind' || key === '$site'
/** What is no plain data: made by the vocabulary, or not data at all. */
export const isMarked = (value: Described): boolean => '$kind' in value || marks.some(mark => mark in value)
const isPlainRecord = (value: Json | undefined): value is Described => isRecord(value) && !marks.some(mark => mark in value)

/** How a value is told to the user. */
export function found(value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (!isRecord(value)) return typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
  if ('$odd' in value) return toText(value['$odd'] ?? null)
  if ('$fn' in value) return 'a function'
  if ('$regex' in value) return `/${toText(value['$regex'] ?? null)}/`
  if ('$lock' in value) return "a lock's access"
  const made = ['$interpolate', '$property', '$secret'].find(mark => mark in value)
  if (made) return `util.${made.slice(1)}`
  return '$kind' in value ? `${callOf(toText(value['$kind'] ?? null))}(…)` : 'a record'
}

/** The call of the vocabulary that makes a thing of this kind. */
export function callOf(kind: string): string {
  if (['shell', 'git', 'setProperty', 'setPropertyFromCommand', 'trigger', 'fileUpload', 'multipleFileUpload', 'custom'].includes(kind)) return `steps.${kind}`
  if (['singleBranch', 'anyBranch', 'force', 'try', 'triggerable', 'dependent', 'periodic', 'nightly', 'nightlyTriggerable'].includes(kind)) return `schedulers.${kind}`
  if (kind.startsWith('reporter.')) return `reporters.${kind.slice(9)}`
  if (kind.startsWith('generator.')) return `reporters.${kind.slice(10)}Generator`
  if (kind.startsWith('canceller.')) return `util.${kind.slice(10)}Canceller`
  if (kind.startsWith('auth.') || kind.startsWith('authz.')) return kind
  if (kind.startsWith('hook.')) return `changeHooks.${kind.slice(5)}`
  if (kind === 'gitPoller' || kind === 'reconcile') return `changeSources.${kind}`
  if (kind === 'worker') return 'workers.worker'
  if (kind.startsWith('worker.')) return `workers.${kind.slice(7)}`
  if (kind.startsWith('provider.')) return `providers.${kind.slice(9)}`
  if (kind === 'parameter.text') return 'util.stringParameter'
  return kind === 'changeFilter' ? 'util.changeFilter' : kind === 'config' ? 'defineConfig' : `util.${kind.slice(10)}Parameter`
}

/** A leaf: `parse` answers undefined for what is not `expected`. */
export function leaf<T>(expected: string, parse: (value: Json) => T | undefined): Reader<T> {
  return (value, at) => {
    const parsed = value === undefined ? undefined : parse(value)
    return parsed === undefined ? at.wrong({ expected, found: found(value) }) : parsed
  }
}

export function or<T>(reader: Reader<T>, otherwise: NoInfer<T>): Reader<T> {
  return (value, at) => (value === undefined ? otherwise : reader(value, at))
}

export function orNull<T>(reader: Reader<T>): Reader<T | null> {
  return (value, at) => (value === undefined || value === null ? null : reader(value, at))
}

/** Each item by itself; gives up at the end if any was wrong. */
export function list<T>(reader: Reader<T>, expected: string): Reader<T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) return at.wrong({ expected, found: found(value) })
    return whole(value.map((item, index) => attempt(() => reader(item, at.at(index)))))
  }
}

export function mapOf<T>(reader: Reader<T>, expected: string): Reader<{ [key: string]: T }> {
  return (value, at) => {
    if (!isPlainRecord(value)) return at.wrong({ expected, found: found(value) })
    const entries = Object.entries(value).filter(([key]) => !isAdded(key))
    return Object.fromEntries(whole(entries.map(([key, item]) => attempt((): [string, T] => [key, reader(item, at.at(key))]))))
  }
}

function whole<T>(attempts: ({ value: T } | undefined)[]): T[] {
  const values: T[] = []
  for (const one of attempts) {
    if (!one) throw stop
    values.push(one.value)
  }
  return values
}

export type Shape = { [key: string]: Reader<unknown> }
export type Shaped<S extends Shape> = { [K in keyof S]: ReturnType<S[K]> }

/** A record with these keys and no others; a reader sees undefined where a key is absent. */
export function record<S extends Shape>(shape: S, expected: string): Reader<Shaped<S>> {
  const known = Object.keys(shape)
  return (value, at) => {
    if (!isPlainRecord(value)) return at.wrong({ expected, found: found(value) })
    const unknown = Object.keys(value).filter(key => !isAdded(key) && !Object.hasOwn(shape, key))
    for (const key of unknown) unknownKey(at.at(key), key, known)
    const entries = whole(known.map(key => attempt((): [string, unknown] => [key, shape[key]?.(value[key], at.at(key))])))
    if (unknown.length > 0) throw stop
    return Object.fromEntries(entries) as Shaped<S>
  }
}

function unknownKey(at: Place, key: string, known: string[]): void {
  const nearest = nearestName(key, known)
  const expected = `one of ${known.join(', ')}`
  const hint = nearest === undefined ? `; known are ${known.join(', ')}` : `; did you mean '${nearest}'?`
  at.note({ expected, found: `'${key}'`, ...(nearest === undefined ? {} : { nearest }), message: `unknown key '${key}'${hint}` })
}

/** What the vocabulary declared, by its kind. */
export function byKind<T>(readers: { [kind: string]: Reader<T> }, expected: string): Reader<T> {
  return (value, at) => {
    const kind = isRecord(value) && typeof value['$kind'] === 'string' ? value['$kind'] : ''
    const reader = Object.hasOwn(readers, kind) ? readers[kind] : undefined
    return reader ? reader(value, at) : at.wrong({ expected, found: found(value) })
  }
}

export function mapped<T, U>(reader: Reader<T>, change: (value: T, at: Place) => U): Reader<U> {
  return (value, at) => change(reader(value, at), at)
}
