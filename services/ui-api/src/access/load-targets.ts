import { noTarget, type AccessTarget } from '@yardmaster/domain'
import type { Deps } from '../deps.js'
import type { Asked, Thing } from './access.js'
import { forcedBuilders } from './forced-builders.js'

type Facts = { id: number; builder: string; tags: string[]; project: string | null; worker: string | null; scheduler: string; owner: string | null }
type Means = Pick<Deps, 'db' | 'activeGenerations'>

const ofBuilder = 'd.name AS builder, d.tags, p.name AS project'
const projectOf = 'LEFT JOIN projects p ON p.id = d.project_id'
/** As Buildbot finds it: in the properties of the buildset, over which a request may have its own. */
const owner = `coalesce(r.properties -> 'owner' ->> 0, s.properties -> 'owner' ->> 0) AS owner`
const ofRequest = `${ofBuilder}, ${owner} FROM build_requests r JOIN builders d ON d.id = r.builder_id ${projectOf} JOIN buildsets s ON s.id = r.buildset_id`

/** A row for each builder that it is about. */
const queries: { [thing in Thing]?: string } = {
  builds: `SELECT b.id, ${ofBuilder}, ${owner}, w.name AS worker FROM builds b JOIN builders d ON d.id = b.builder_id ${projectOf} LEFT JOIN workers w ON w.id = b.worker_id
    JOIN build_requests r ON r.id = b.build_request_id JOIN buildsets s ON s.id = r.buildset_id WHERE b.id = ANY($1::bigint[])`,
  build_requests: `SELECT r.id, ${ofRequest} WHERE r.id = ANY($1::bigint[])`,
  buildsets: `SELECT DISTINCT r.buildset_id AS id, ${ofRequest} WHERE r.buildset_id = ANY($1::bigint[])`,
  builders: `SELECT d.id, ${ofBuilder} FROM builders d ${projectOf} WHERE d.id = ANY($1::bigint[])`,
  workers: 'SELECT id, name AS worker FROM workers WHERE id = ANY($1::bigint[])',
  instances: 'SELECT i.id, w.name AS worker FROM instances i JOIN workers w ON w.id = i.worker_id WHERE i.id = ANY($1::bigint[])',
  schedulers: 'SELECT id, name AS scheduler FROM schedulers WHERE id = ANY($1::bigint[])',
}

type Targets = [AccessTarget, ...AccessTarget[]]

/** What the rules ask about things of one kind, apart from what is to be done: of one of several builders, each of them by itself. */
export async function loadTargetsOf({ db, activeGenerations }: Means, thing: Thing, ids: readonly number[]): Promise<(id: number) => Targets> {
  const base: AccessTarget = { ...noTarget, thing }
  const query = ids.length > 0 ? queries[thing] : undefined
  const { rows } = query ? await db.pool.query<Partial<Facts>>(query, [ids]) : { rows: [] }
  const found = new Map<number, Partial<Facts>[]>()
  for (const row of rows) found.set(Number(row.id), [...found.get(Number(row.id)) ?? [], row])
  const owners = new Map(activeGenerations().flatMap(({ configuration }) => configuration.workers.map(worker => [worker.name, worker.owners] as const)))
  return id => {
    const [first = base, ...others] = (found.get(id) ?? []).map((row): AccessTarget => ({
      ...base, scheduler: row.scheduler ?? null, owner: row.owner ?? null,
      builder: row.builder === undefined ? null : { name: row.builder, tags: row.tags ?? [], project: row.project ?? null },
      worker: row.worker ? { name: row.worker, owners: owners.get(row.worker) ?? [] } : null,
    }))
    return [first, ...others]
  }
}

/** What the rules ask about one thing, and what is to be done to it. */
export async function loadTargets(deps: Means, { action, thing, id, path, builderNames }: Asked): Promise<Targets> {
  const [first, ...others]: Targets = (await loadTargetsOf(deps, thing, id === null ? [] : [id]))(id ?? 0)
  const asked = (target: AccessTarget): AccessTarget => ({ ...target, action, path: path ?? null })
  if (action !== 'force') return [asked(first), ...others.map(asked)]
  const [builder, ...more] = forcedBuilders(deps.activeGenerations(), { scheduler: first.scheduler, names: builderNames })
  return builder ? [{ ...asked(first), builder }, ...more.map(one => ({ ...asked(first), builder: one }))] : [asked(first)]
}
