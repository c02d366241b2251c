import { boolean, integer, named, nullable, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

export const projects = resourceType('project', 'projects', {
  projectid: integer,
  name: named,
  slug: named,
  /** Whether the configuration names it, in an answer to a query for just that; otherwise null, as in Buildbot. */
  active: nullable(boolean),
  description: nullable(text),
  description_format: nullable(text),
  description_html: nullable(text),
})
export type Project = ResourceOf<typeof projects>
