import { builders, buildrequests, builds, countsPath, forceschedulers, installationCounts, logs, propertyList, routes, steps, workers } from '@yardmaster/rest'
import type { Build, Builder, BuildRequest, Client, ForceScheduler, InstallationCounts, ListedProperty, LiveEvent, Log, ResourceType, Step, Worker, YardClient } from '@yardmaster/rest'
import { groupRecent, keepWhile, upsert, withRecentBuild } from '../lib/collections.js'
import type { RecentBuilds } from '../lib/collections.js'
import type { LiveQuery } from '../live/live-query.js'
import { chipsPerBuilder } from './last-builds.js'

/** More waiting requests than this are shown as "more than". */
export const mostPending = 5000
export const mostRunning = 5000

function resourceOf<T>(resource: ResourceType<T>, { m }: LiveEvent): T | undefined {
  const read = resource.schema.safeParse(m)
  return read.success ? read.data : undefined
}

/** Keeps a list true: what an event speaks of replaces its old self, or is added if it belongs here. */
function applyTo<T extends object>(resource: ResourceType<T>, same: (a: T, b: T) => boolean, belongs: (row: T) => boolean = () => true) {
  return (rows: T[], event: LiveEvent): T[] => {
    const row = resourceOf(resource, event)
    return row && belongs(row) ? upsert(rows, row, other => same(row, other)) : rows
  }
}

/** What runs and what waits: every page shows it, so it is not told build by build. */
export const countsQuery = (yard: YardClient): LiveQuery<InstallationCounts> => ({
  key: ['yard', 'counts'],
  paths: [countsPath],
  fetch: () => yard.call(routes.lists.counts, {}),
  apply: (counts, { m }) => installationCounts.safeParse(m).data ?? counts,
})

export const buildersQuery = (client: Client): LiveQuery<Builder[]> => ({
  key: ['builders'],
  paths: ['builders/*/*'],
  fetch: async () => (await client.list(builders, 'builders')).rows.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
  apply: applyTo(builders, (a, b) => a.builderid === b.builderid),
})

/** The newest builds of all builders in one question; a builder that has not built for long may have none among them. */
export const recentBuildsQuery = (client: Client, builderCount: number): LiveQuery<RecentBuilds> => ({
  key: ['builds', 'recent'],
  paths: ['builds/*/*'],
  fetch: async () => {
    const limit = Math.min(2000, Math.max(300, builderCount * chipsPerBuilder))
    const { rows } = await client.list(builds, 'builds', { order: '-buildid', limit })
    return { builds: groupRecent(rows, chipsPerBuilder), whole: rows.length < limit }
  },
  apply: (recent, event) => {
    const build = resourceOf(builds, event)
    return build ? { ...recent, builds: withRecentBuild(recent.builds, build, chipsPerBuilder) } : recent
  },
})

export const runningBuildsQuery = (client: Client): LiveQuery<ReadonlyMap<number, Build>> => ({
  key: ['builds', 'running'],
  paths: ['builds/*/*'],
  fetch: async () => new Map((await client.list(builds, 'builds', { complete: false, order: '-buildid', limit: mostRunning })).rows.map(build => [build.buildid, build])),
  apply: (running, event) => {
    const build = resourceOf(builds, event)
    return build ? keepWhile(running, build.buildid, build, !build.complete) : running
  },
})

export const pendingQuery = (client: Client): LiveQuery<ReadonlyMap<number, BuildRequest>> => ({
  key: ['buildrequests', 'pending'],
  paths: ['buildrequests/*/*'],
  fetch: async () => {
    const { rows } = await client.list(buildrequests, 'buildrequests', { complete: false, claimed: false, order: 'buildrequestid', limit: mostPending })
    return new Map(rows.map(request => [request.buildrequestid, request]))
  },
  apply: (pending, event) => {
    const request = resourceOf(buildrequests, event)
    return request ? keepWhile(pending, request.buildrequestid, request, !request.claimed && !request.complete) : pending
  },
})

/** Those of one builder, in the order of their coming. */
export const pendingOfBuilderQuery = (client: Client, builderid: number): LiveQuery<BuildRequest[]> => ({
  key: ['buildrequests', 'pending', builderid],
  paths: [`builders/${builderid}/buildrequests/*/*`],
  fetch: async () => (await client.list(buildrequests, `builders/${builderid}/buildrequests`, { complete: false, claimed: false, order: 'buildrequestid', limit: mostPending })).rows,
  apply: (rows, event) => {
    const told = resourceOf(buildrequests, event)
    if (told?.builderid !== builderid) return rows
    if (told.claimed || told.complete) return rows.filter(row => row.buildrequestid !== told.buildrequestid)
    return upsert(rows, told, row => row.buildrequestid === told.buildrequestid)
  },
})

export const workersQuery = (client: Client): LiveQuery<Worker[]> => ({
  key: ['workers'],
  paths: ['workers/*/*'],
  fetch: async () => (await client.list(workers, 'workers')).rows.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
  apply: applyTo(workers, (a, b) => a.workerid === b.workerid),
})

/** The newest `limit` builds of one builder. */
export const historyQuery = (client: Client, builderid: number, limit: number): LiveQuery<Build[]> => ({
  key: ['builds', 'history', builderid, limit],
  paths: [`builders/${builderid}/builds/*/*`],
  fetch: async () => (await client.list(builds, `builders/${builderid}/builds`, { order: '-number', limit })).rows,
  apply: (rows, event) => {
    const build = resourceOf(builds, event)
    return build?.builderid === builderid ? upsert(rows, build, other => other.buildid === build.buildid).toSorted((a, b) => b.number - a.number) : rows
  },
})

/** The newest `limit` builds of one worker. */
export const buildsOfWorkerQuery = (client: Client, workerid: number, limit: number): LiveQuery<Build[]> => ({
  key: ['builds', 'of-worker', workerid, limit],
  paths: [`workers/${workerid}/builds/*/*`],
  fetch: async () => (await client.list(builds, `workers/${workerid}/builds`, { order: '-buildid', limit })).rows,
  apply: (rows, event) => applyTo(builds, (a, b) => a.buildid === b.buildid, build => build.workerid === workerid)(rows, event).toSorted((a, b) => b.buildid - a.buildid),
})

export const buildQuery = (client: Client, builderid: number, number: number): LiveQuery<Build | null> => ({
  key: ['build', builderid, number],
  paths: [`builders/${builderid}/builds/${number}/*`],
  fetch: () => client.one(builds, `builders/${builderid}/builds/${number}`),
  apply: (build, event) => {
    const told = resourceOf(builds, event)
    return told && !(build?.complete && !told.complete) ? told : build
  },
})

/** The build after this one, as soon as there is one. */
export const nextBuildQuery = (client: Client, { builderid, number }: Build): LiveQuery<Build | null> => ({
  key: ['build', 'after', builderid, number],
  paths: [`builders/${builderid}/builds/*/new`],
  fetch: async () => (await client.list(builds, `builders/${builderid}/builds`, { number__gt: number, order: 'number', limit: 1 })).rows[0] ?? null,
  apply: (next, event) => {
    const told = resourceOf(builds, event)
    return next === null && told && told.number > number ? told : next
  },
})

export const stepsQuery = (client: Client, buildid: number): LiveQuery<Step[]> => ({
  key: ['steps', buildid],
  paths: [`builds/${buildid}/steps/*/*`],
  fetch: async () => (await client.list(steps, `builds/${buildid}/steps`, { order: 'number' })).rows,
  apply: (rows, event) => applyTo(steps, (a, b) => a.stepid === b.stepid, step => step.buildid === buildid)(rows, event).toSorted((a, b) => a.number - b.number),
})

export const logsQuery = (client: Client, stepid: number): LiveQuery<Log[]> => ({
  key: ['logs', stepid],
  paths: [`steps/${stepid}/logs/*/*`],
  fetch: async () => (await client.list(logs, `steps/${stepid}/logs`)).rows,
  apply: (rows, event) => {
    const log = resourceOf(logs, event)
    const old = rows.find(other => other.logid === log?.logid)
    if (!log || log.stepid !== stepid || (old && old.num_lines > log.num_lines)) return rows
    return upsert(rows, log, other => other.logid === log.logid)
  },
})

export const requestQuery = (client: Client, buildrequestid: number): LiveQuery<BuildRequest | null> => ({
  key: ['buildrequest', buildrequestid],
  paths: [`buildrequests/${buildrequestid}/*`],
  fetch: () => client.one(buildrequests, `buildrequests/${buildrequestid}`),
  apply: (request, event) => resourceOf(buildrequests, event) ?? request,
})

/** The builds that a request led to: none yet, one, or more after retries. */
export const buildsOfRequestQuery = (client: Client, request: BuildRequest): LiveQuery<Build[]> => ({
  key: ['builds', 'of-request', request.buildrequestid],
  paths: [`builders/${request.builderid}/builds/*/*`],
  fetch: async () => (await client.list(builds, 'builds', { buildrequestid: request.buildrequestid, order: 'buildid' })).rows,
  apply: applyTo(builds, (a, b) => a.buildid === b.buildid, build => build.buildrequestid === request.buildrequestid),
})

export const propertiesQuery = (client: Client, buildid: number): LiveQuery<ListedProperty[]> => ({
  key: ['properties', buildid],
  paths: [`builds/${buildid}/properties/update`],
  // Buildbot's texts escape what is not ASCII; people are to read it.
  fetch: async () => sortByName((await client.list(propertyList, `builds/${buildid}/property_list`)).rows.map(row => ({ ...row, value: JSON.stringify(JSON.parse(row.value)) }))),
  apply: (rows, { m }) => {
    const told = Object.entries(m).filter(([, value]) => Array.isArray(value)) as [string, [unknown, string]][]
    const others = rows.filter(row => !told.some(([name]) => name === row.name))
    return sortByName([...others, ...told.map(([name, [value, source]]) => ({ name, source, value: JSON.stringify(value) }))])
  },
})

const sortByName = (rows: ListedProperty[]): ListedProperty[] => rows.toSorted((a, b) => a.name.localeCompare(b.name, 'en'))

export const forceSchedulersQuery = (client: Client) => ({
  queryKey: ['forceschedulers'],
  queryFn: async (): Promise<ForceScheduler[]> => (await client.list(forceschedulers, 'forceschedulers')).rows.filter(scheduler => scheduler.enabled),
  staleTime: 60_000,
})
