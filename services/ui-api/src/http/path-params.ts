import type { Request } from 'express'
import type { PathParams } from './resources/places.js'

/** What a path that is none of ours is answered, in Buildbot's words. */
export function invalidPath(request: Request): string {
  return `Invalid path: ${decoded(request.path.slice(1))}`
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Every path has names of its own, and none repeats one. */
export function pathParams(request: Request): PathParams {
  return Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, Array.isArray(value) ? value.join('/') : value]))
}
