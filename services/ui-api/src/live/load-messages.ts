import type { Database } from '@yardmaster/db'
import { emptySpec } from '@yardmaster/rest'
import { builders } from '../http/resources/builders.js'
import { buildrequests } from '../http/resources/buildrequests.js'
import { builds } from '../http/resources/builds.js'
import { buildsets } from '../http/resources/buildsets.js'
import { changes } from '../http/resources/changes.js'
import { fetchByIds } from '../http/resources/fetch-rows.js'
import { logs } from '../http/resources/logs.js'
import { masters } from '../http/resources/masters.js'
import { schedulers } from '../http/resources/schedulers.js'
import { steps } from '../http/resources/steps.js'
import type { StoredResource } from '../http/resources/stored-resource.js'
import { workers } from '../http/resources/workers.js'
import type { Subject, Told } from './event-paths.js'

const resources: { [S in Subject]: StoredResource } = {
  master: masters, builder: builders, scheduler: schedulers, worker: workers, change: changes, buildset: buildsets,
  buildrequest: buildrequests, build: builds, step: steps, log: logs,
}

const keyOf = ({ subject, part, id }: Told) => `${subject}.${part}.${id}`

/** The present state of all that was told, as JSON text, by one query per kind. A row that is gone has none. */
export async function loadMessages(db: Database, told: readonly Told[]): Promise<(of: Told) => string | undefined> {
  const groups = new Map<string, Told[]>()
  for (const one of told) {
    const name = `${one.subject}.${one.part}`
    const group = groups.get(name)
    if (group) group.push(one)
    else groups.set(name, [one])
  }
  const texts = new Map<string, string>()
  await Promise.all([...groups.values()].map(async group => {
    for (const [key, text] of await loadGroup(db, group)) texts.set(key, text)
  }))
  return of => texts.get(keyOf(of))
}

async function loadGroup(db: Database, group: readonly Told[]): Promise<[string, string][]> {
  const [first] = group
  if (!first) return []
  const { subject, part } = first
  const ids = [...new Set(group.map(told => told.id))]
  if (part === 'properties') {
    const rows = await fetchByIds(db, builds, ids, { ...emptySpec, fields: ['properties'], properties: ['*'] })
    return [...rows].map(([id, row]) => [keyOf({ ...first, id }), JSON.stringify(row.properties)])
  }
  const rows = await fetchByIds(db, resources[subject], ids, emptySpec)
  return [...rows].map(([id, row]) => [keyOf({ ...first, id }), JSON.stringify(row)])
}
