import { builds, changes } from '@yardmaster/rest'
import type { Change, Client } from '@yardmaster/rest'
import { upsert } from '../lib/collections.js'
import type { LiveQuery } from '../live/live-query.js'

/** The newest `limit` changes. */
export const changesQuery = (client: Client, limit: number): LiveQuery<Change[]> => ({
  key: ['changes', limit],
  paths: ['changes/*/*'],
  fetch: async () => (await client.list(changes, 'changes', { order: '-changeid', limit })).rows,
  apply: (rows, event) => {
    const { data: told } = changes.schema.safeParse(event.m)
    return told ? upsert(rows, told, other => other.changeid === told.changeid).toSorted((a, b) => b.changeid - a.changeid) : rows
  },
})

/** A change never changes. */
export const changeQuery = (client: Client, changeid: number) => ({ queryKey: ['change', changeid], queryFn: () => client.one(changes, `changes/${changeid}`) })

/** Which of the builds that begin are of a change only the server knows. */
export const buildsOfChangeQuery = (client: Client, changeid: number) => ({
  queryKey: ['builds', 'of-change', changeid],
  queryFn: async () => (await client.list(builds, `changes/${changeid}/builds`, { order: '-buildid', limit: 200 })).rows,
  refetchInterval: 3_000,
})
