import type { LockAccess } from './configuration.js'
import type { Json } from './json.js'

/** The address of a user's function inside one generation's bundle, e.g. `builders.hello.steps.2.command`. */
export type FunctionRef = { $fn: string }
/** `util.interpolate(format, kw)`. */
export type Interpolate = { $interpolate: string; kw?: { [name: string]: Renderable } }
/** `util.property(name, default)`: the default also stands in for a false value, unless `defaultWhenFalse` is false. */
export type PropertyRef = { $property: string; default?: Renderable; defaultWhenFalse?: boolean }
/** `util.secret(name)`: resolved where it is used, never stored. */
export type SecretRef = { $secret: string }

/** `lock.access(…)`: what a `locks` function answers with. */
export type LockRef = { $lock: LockAccess }

/** Data that becomes plain JSON once a build's properties, sourcestamps and secrets are known. */
export type Renderable = Json | FunctionRef | Interpolate | PropertyRef | SecretRef | Renderable[] | { [key: string]: Renderable }
