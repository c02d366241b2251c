import { parseQuery, type ResourceType, type ResultSpec } from '@yardmaster/rest'
import type { Request } from 'express'

/** What the request's query asks of resources of this type. Throws InvalidQueryParameter. As in Buildbot, what has no `=` is no parameter. */
export function specOf(request: Request, type: ResourceType, isCollection: boolean): ResultSpec {
  const at = request.originalUrl.indexOf('?')
  const parameters = at < 0 ? [] : request.originalUrl.slice(at + 1).split('&').filter(part => part.includes('='))
  return parseQuery(type, new URLSearchParams(parameters.join('&')), isCollection)
}
