import { builds } from '@yardmaster/rest'
import type { Build, Client } from '@yardmaster/rest'
import { batchLoader } from '../lib/batch-loader.js'
import { groupRecent } from '../lib/collections.js'

/** How many builds a builder shows on the page of all builders, at most. */
export const chipsPerBuilder = 14

export type LastBuildsLoader = (builderid: number) => Promise<readonly Build[] | null>

/** For builders whose builds are too long ago to be among everybody's newest: one query for all of them that come into sight together. */
export function createLastBuildsLoader(client: Client): LastBuildsLoader {
  return batchLoader<readonly Build[]>(async ids => {
    const { rows } = await client.list(builds, 'builds', { builderid: ids, order: '-buildid', limit: ids.length * chipsPerBuilder })
    return new Map(groupRecent(rows, chipsPerBuilder))
  })
}
