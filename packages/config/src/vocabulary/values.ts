import type { BuildInfo, Interpolate, Json, PropertyRef, Result, SecretRef, SourceStampData } from '@yardmaster/domain'

/** Seconds, or a text like '30s', '10m', '1h', '1h30m', '2d'. */
export type Duration = number | `${number}s` | `${number}m` | `${number}h` | `${number}d` | `${number}${'h' | 'm'}${number}${'m' | 's'}`

/** What a renderer may ask about its build. */
export type RenderInput = {
  /** The property's value, or the default (null) if there is none. */
  property(name: string, otherwise?: Json): Json
  /** All properties by name. */
  readonly properties: { readonly [name: string]: Json }
  readonly sourcestamps: { readonly [codebase: string]: SourceStampData }
  readonly build: BuildInfo
}

/** A function that makes the value when it is needed; it must be quick (250 ms). */
export type Renderer<T> = (input: RenderInput) => Renderable<T> | Promise<Renderable<T>>
/** A value, or what becomes one in a build: util.interpolate, util.property, util.secret, or a function. */
export type Renderable<T> = T | Interpolate | PropertyRef | SecretRef | Renderer<T>

export type Text = Renderable<string>
/** Words of a command line; lists in it are flattened. */
export type Argv = readonly (Text | Renderable<readonly string[]> | Argv)[]
/** A list is run as it is, a text by the worker's shell. */
export type Command = Renderable<string | readonly string[]> | Argv | Renderer<Argv>
/** A variable set to null is taken out of the worker's environment; a list becomes a search path. */
export type Env = { [name: string]: Renderable<string | null | readonly string[]> | readonly Text[] }

export type Condition = boolean | ((input: RenderInput) => boolean | Promise<boolean>)
export type ResultCondition = boolean | ((result: Result, input: RenderInput) => boolean | Promise<boolean>)
/** Nested lists are flattened; null, undefined, false and '' are dropped, so that `condition && step` works. */
export type Nested<T> = readonly (T | Nested<T> | null | undefined | false | '')[]
