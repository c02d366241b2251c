import { buildrequests, buildsets, changes } from '@yardmaster/rest'
import type { Buildset, Change, Client, SourceStamp } from '@yardmaster/rest'
import { batchLoader } from '../lib/batch-loader.js'

/** Why a build request exists: its buildset, what is to be built, and the change of it if one is known. */
export type Cause = { buildset: Buildset; sourcestamp: SourceStamp | undefined; change: Change | undefined }
export type CauseLoader = (buildrequestid: number) => Promise<Cause | null>

/** For a page of requests at once: three queries, not three per row. */
export function createCauseLoader(client: Client): CauseLoader {
  return batchLoader(async ids => {
    const requests = (await client.list(buildrequests, 'buildrequests', { buildrequestid: ids })).rows
    const sets = (await client.list(buildsets, 'buildsets', { bsid: unique(requests.map(request => request.buildsetid)) })).rows
    const known = await changesOf(client, sets)
    const byId = new Map(sets.map(buildset => [buildset.bsid, buildset]))
    const causes = new Map<number, Cause>()
    for (const { buildrequestid, buildsetid } of requests) {
      const buildset = byId.get(buildsetid)
      if (!buildset) continue
      const sourcestamp = buildset.sourcestamps[0]
      causes.set(buildrequestid, { buildset, sourcestamp, change: known.find(change => change.sourcestamp.ssid === sourcestamp?.ssid) })
    }
    return causes
  })
}

async function changesOf(client: Client, sets: readonly Buildset[]): Promise<Change[]> {
  const revisions = unique(sets.flatMap(buildset => buildset.sourcestamps.map(stamp => stamp.revision)).filter(revision => revision !== null))
  return revisions.length === 0 ? [] : (await client.list(changes, 'changes', { revision: revisions, order: '-changeid', limit: 500 })).rows
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]
