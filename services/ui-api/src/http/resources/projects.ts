import { projects as type, type Project, type ResultSpec } from '@yardmaster/rest'
import { collection, single } from './endpoint.js'
import { projectId } from './places.js'
import { raw, sql, type Sql } from './sql.js'
import { column, flag, type Column, type StoredResource } from './stored-resource.js'

/** As in Buildbot it is told only to whoever asks for the one or the other. */
const active: Column = { ...flag({ yes: 'p.active', no: 'NOT p.active' }), nullable: true, select: activeAsAsked }

function activeAsAsked({ filters }: ResultSpec): Sql {
  const asked = filters.some(({ field, values }) => field === 'active' && values.length === 1)
  return raw(asked ? 'p.active' : 'NULL::boolean')
}

export const projects: StoredResource<Project> = {
  type,
  from: raw('projects p'),
  id: raw('p.id'),
  inPython: true,
  columns: {
    projectid: column('p.id'),
    name: column('p.name'),
    slug: column('p.slug'),
    active,
    description: column('p.description', { nullable: true }),
    description_format: column('NULL::text', { nullable: true }),
    description_html: column('NULL::text', { nullable: true }),
  },
}

export const projectEndpoints = [
  collection({ ...projects, id: raw('p.name') }, '/projects'),
  single(projects, '/projects/:project', params => [sql`p.id = ${projectId(params)}`]),
]
