import { noTarget, type AccessTarget } from '@yardmaster/domain'
import type { Deps } from '../deps.js'
import { forcedBuilders } from './forced-builders.js'
import type { Asked, Thing } from './access.js'

type Facts = { builder: string | null; tags: string[] | null; project: string | null; worker: string | null; scheduler: string | null; owner: string | null }

const ofBuilder = 'd.name AS builder, d.tags, p.name AS project'
const projectOf = 'LEFT JOIN projects p ON p.id = d.project_id'
/** As Buildbot finds it: in the properties of the buildset, over which a request may have its own. */
const owner = `coalesce(r.properties -> 'owner' ->> 0, s.properties -> 'owner' ->> 0) AS owner`
const ofRequest = `${ofBuilder}, ${owner} FROM build_requests r JOIN builders d ON d.id = r.builder_id ${projectOf} JOIN buildsets s ON s.id = r.buildset_id`

/** A row for each builder that it is about. */
const queries: { [thing in Thing]?: string } = {
  builds: `SELECT ${ofBuilder}, ${owner}, w.name AS worker FROM builds b JOIN builders d ON d.id = b.builder_id ${projectOf} LEFT JOIN workers w ON w.id = b.worker_id
    JOIN build_requests r ON r.id = b.build_request_id JOIN buildsets s ON s.id = r.buildset_id WHERE b.id = $1`,
  build_requests: `SELECT ${ofRequest} WHERE r.id = $1`,
  buildsets: `SELECT DISTINCT ${ofRequest} WHERE r.buildset_id = $1`,
  builders: `SELECT ${ofBuilder} FROM builders d ${projectOf} WHERE d.id = $1`,
  workers: 'SELECT name AS worker FROM workers WHERE id = $1',
  instances: 'SELECT w.name AS worker FROM instances i JOIN workers w ON w.id = i.worker_id WHERE i.id = $1',
  schedulers: 'SELECT name AS scheduler FROM schedulers WHERE id = $1',
}

/** What the rules ask about a thing: of one of several builders, each of them by itself. */
export async function loadTargets({ db, activeGenerations }: Pick<Deps, 'db' | 'activeGenerations'>, asked: Asked): Promise<AccessTarget[]> {
  const { action, thing, id, path = null } = asked
  const base: AccessTarget = { ...noTarget, action, thing, path }
  const query = id === null ? undefined : queries[thing]
  const { rows } = query ? await db.pool.query<Partial<Facts>>(query, [id]) : { rows: [] }
  const targets = rows.map(row => ({
    ...base, scheduler: row.scheduler ?? null, owner: row.owner ?? null,
    builder: row.builder ? { name: row.builder, tags: row.tags ?? [], project: row.project ?? null } : null,
    worker: row.worker ? { name: row.worker, owners: ownersOf(activeGenerations(), row.worker) } : null,
  }))
  const [first = base] = targets
  if (action !== 'force') return [first, ...targets.slice(1)]
  const builders = forcedBuilders(activeGenerations(), { scheduler: first.scheduler, names: asked.builderNames })
  return builders.length > 0 ? builders.map(builder => ({ ...first, builder })) : [first]
}

const ownersOf = (generations: ReturnType<Deps['activeGenerations']>, worker: string): string[] =>
  generations.flatMap(({ configuration }) => configuration.workers).find(({ name }) => name === worker)?.owners ?? []
