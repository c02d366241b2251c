import { masters } from '@yardmaster/rest'
import type { Client, Master } from '@yardmaster/rest'
import { upsert } from '../lib/collections.js'
import type { LiveQuery } from '../live/live-query.js'

/** All replicas, those that serve first. */
export const mastersQuery = (client: Client): LiveQuery<Master[]> => ({
  key: ['masters'],
  paths: ['masters/*/*'],
  fetch: async () => (await client.list(masters, 'masters', { order: ['-active', '-masterid'], limit: 200 })).rows,
  apply: (rows, event) => {
    const { data: told } = masters.schema.safeParse(event.m)
    return told ? upsert(rows, told, other => other.masterid === told.masterid).toSorted((a, b) => Number(b.active) - Number(a.active) || b.masterid - a.masterid) : rows
  },
})
