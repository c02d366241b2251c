import type { ChangeData, Interpolate, Json, LockAccess, LockRef, PropertyRef, SecretRef } from '@yardmaster/domain'
import { cancellers } from './cancellers.js'
import { declare, renderable } from './declare.js'
import type { Declared } from './declare.js'
import { parameters } from './force-parameters.js'
import { userData } from './user-data.js'
import type { Renderable } from './values.js'

type Matching<T> = T | RegExp | ((value: T) => boolean | Promise<boolean>) | readonly (T | RegExp)[]
type NotMatching<T> = T | RegExp | readonly (T | RegExp)[]
type Branch = string | null

/** A list asks for any of its items; a RegExp matches anywhere, so anchor it with ^ and $. All keys must agree. */
export type ChangeFilterOptions = {
  project?: Matching<string>
  projectNot?: NotMatching<string>
  codebase?: Matching<string>
  codebaseNot?: NotMatching<string>
  repository?: Matching<string>
  repositoryNot?: NotMatching<string>
  category?: Matching<string | null>
  categoryNot?: NotMatching<string | null>
  /** null: changes without a branch. */
  branch?: Matching<Branch>
  branchNot?: NotMatching<Branch>
  properties?: { [name: string]: Matching<Json> }
  propertiesNot?: { [name: string]: NotMatching<Json> }
  filterFn?: (change: ChangeData) => boolean | Promise<boolean>
}
export type ChangeFilter = Declared<'changeFilter', ChangeFilterOptions>

/** `access` is what `locks` of a builder or step takes. `count` is how many of `maxCount` it uses. */
export type Lock = { readonly name: string; access(mode: 'counting' | 'exclusive', count?: number): LockRef }

function lockOf(lock: Omit<LockAccess, 'mode' | 'count'>): Lock {
  return { name: lock.name, access: (mode, count = 1) => renderable({ $lock: { ...lock, mode, count } }) }
}

export const util = {
  /** A text with %(prop:name)s, %(src:codebase:branch)s, %(kw:name)s, %(secret:name)s, %(worker:name)s in it, as Buildbot's Interpolate. */
  interpolate: (format: string, kw?: { [name: string]: Renderable<Json> }): Interpolate =>
    renderable({ $interpolate: format, ...(kw ? { kw: kw as Interpolate['kw'] } : {}) }),
  /** The value of a property; the default also stands in for a false value, unless `defaultWhenFalse` is false. */
  property: (name: string, otherwise?: Renderable<Json>, options?: { defaultWhenFalse: boolean }): PropertyRef =>
    renderable({ $property: name, ...(otherwise === undefined ? {} : { default: otherwise as PropertyRef['default'] }), ...options }),
  /** A secret by its name; its value is fetched where it is used, and masked in all logs. */
  secret: (name: string): SecretRef => renderable({ $secret: name }),
  /** A lock of the whole installation: at most `maxCount` builds or steps at once that use it counting, or one exclusively. */
  masterLock: (name: string, options: { maxCount?: number } = {}): Lock => lockOf({ name, scope: 'cluster', maxCount: options.maxCount ?? 1, maxCountForWorker: {} }),
  /** The same on each worker for itself, with another `maxCount` for some. */
  workerLock: (name: string, options: { maxCount?: number; maxCountForWorker?: { [worker: string]: number } } = {}): Lock =>
    lockOf({ name, scope: 'worker', maxCount: options.maxCount ?? 1, maxCountForWorker: options.maxCountForWorker ?? {} }),
  changeFilter: (options: ChangeFilterOptions): ChangeFilter => declare('changeFilter', options),
  userData,
  ...cancellers,
  ...parameters,
}
