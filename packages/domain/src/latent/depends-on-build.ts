import { lookupsOf } from '../interpolation-syntax.js'
import { isFunctionRef, isInterpolate, isPropertyRef, isSecretRef } from '../render.js'
import type { Renderable } from '../renderable.js'

/** Whether the value may be another for another build: what is of the worker or a secret is the same for all. */
export function dependsOnBuild(value: Renderable): boolean {
  if (value === null || typeof value !== 'object') return false
  if (Array.isArray(value)) return value.some(dependsOnBuild)
  if (isFunctionRef(value) || isPropertyRef(value)) return true
  if (isSecretRef(value)) return false
  if (isInterpolate(value)) return lookupsOf(value.$interpolate).some(({ selector }) => selector === 'prop' || selector === 'src') || Object.values(value.kw ?? {}).some(dependsOnBuild)
  return Object.values(value).some(dependsOnBuild)
}
