import type { Request } from 'express'
import type { PathParams } from './resources/places.js'

/** Every path has names of its own, and none repeats one. */
export function pathParams(request: Request): PathParams {
  return Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, Array.isArray(value) ? value.join('/') : value]))
}
