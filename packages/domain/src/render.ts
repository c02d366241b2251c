import type { BuildView } from './build-view.js'
import { interpolate, isTrue } from './interpolate.js'
import type { Found } from './interpolate.js'
import type { Lookup } from './interpolation-syntax.js'
import type { Json } from './json.js'
import type { FunctionRef, Interpolate, PropertyRef, Renderable, SecretRef } from './renderable.js'

export type RenderContext = Omit<BuildView, 'build'> & Partial<Pick<BuildView, 'build'>> & {
  /** What the worker said of itself, for %(worker:…)s. */
  worker?: { [name: string]: Json }
  /** Called at each use, so that the caller learns what to mask; undefined: there is no such secret. */
  secret(name: string): string | undefined | Promise<string | undefined>
  /** The user's function's answer, which is data: it may hold renderables only where the function made them with `util`. */
  call(fn: FunctionRef): Promise<Json>
}

export const isFunctionRef = (value: unknown): value is FunctionRef => holds(value, '$fn')
export const isInterpolate = (value: unknown): value is Interpolate => holds(value, '$interpolate')
export const isPropertyRef = (value: unknown): value is PropertyRef => holds(value, '$property')
export const isSecretRef = (value: unknown): value is SecretRef => holds(value, '$secret')

function holds(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) && typeof (value as { [key: string]: unknown })[key] === 'string'
}

/**
 * A value with everything in it rendered, depth first and in order.
 * Property values are taken as they are and never rendered: they come from people who may force a build,
 * and must not be able to name a secret. Throws when a secret does not exist or a function fails.
 */
export async function render(value: Renderable, ctx: RenderContext): Promise<Json> {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return renderList(value, ctx)
  if (isFunctionRef(value)) return render(await ctx.call(value), ctx)
  if (isInterpolate(value)) return interpolate(value.$interpolate, lookup => find(lookup, value.kw ?? {}, ctx))
  if (isPropertyRef(value)) return renderProperty(value, ctx)
  if (isSecretRef(value)) return useSecret(value.$secret, ctx)
  const rendered: { [key: string]: Json } = {}
  for (const [key, item] of Object.entries(value)) rendered[key] = await render(item, ctx)
  return rendered
}

async function renderList(list: Renderable[], ctx: RenderContext): Promise<Json[]> {
  const rendered: Json[] = []
  for (const item of list) rendered.push(await render(item, ctx))
  return rendered
}

/** As Buildbot's Property: a default also stands in for a false value, unless `defaultWhenFalse` is false. */
async function renderProperty(ref: PropertyRef, ctx: RenderContext): Promise<Json> {
  const { found, value } = propertyOf(ref.$property, ctx)
  if (ref.default === undefined) return found ? value : null
  const keeps = ref.defaultWhenFalse === false ? found : found && isTrue(value)
  return keeps ? value : render(ref.default, ctx)
}

function propertyOf(name: string, ctx: RenderContext): Found {
  const entry = Object.hasOwn(ctx.properties, name) ? ctx.properties[name] : undefined
  return entry ? { found: true, value: entry[0] } : { found: false, value: null }
}

async function useSecret(name: string, ctx: RenderContext): Promise<string> {
  const value = await ctx.secret(name)
  if (value === undefined) throw new Error(`there is no secret named '${name}': no provider of this installation has it`)
  return value
}

type LookupName = Pick<Lookup, 'selector' | 'codebase' | 'key'>

async function find(lookup: LookupName, kw: { [name: string]: Renderable }, ctx: RenderContext): Promise<Found> {
  const { selector, codebase, key } = lookup
  switch (selector) {
    case 'prop': return propertyOf(key, ctx)
    case 'secret': return { found: true, value: await useSecret(key, ctx) }
    case 'src': return entryOf(ctx.sourcestamps[codebase] ?? {}, key)
    case 'worker': return entryOf(ctx.worker ?? {}, key)
    case 'kw': {
      const value = Object.hasOwn(kw, key) ? kw[key] : undefined
      return value === undefined ? { found: false, value: null } : { found: true, value: await render(value, ctx) }
    }
  }
}

function entryOf(record: { [key: string]: Json | undefined }, key: string): Found {
  const value = Object.hasOwn(record, key) ? record[key] : undefined
  return value === undefined ? { found: false, value: null } : { found: true, value }
}
