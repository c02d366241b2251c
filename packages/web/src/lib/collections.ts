import type { Build, BuildRequest, Worker } from '@yardmaster/rest'

/** Newest builds first, per builder. `whole`: a builder that is not here has none. */
export type RecentBuilds = { builds: ReadonlyMap<number, readonly Build[]>; whole: boolean }

/** Builds of all builders in any order, grouped: at most `most` per builder. */
export function groupRecent(builds: readonly Build[], most: number): RecentBuilds['builds'] {
  const groups = groupBy(builds, build => build.builderid)
  for (const [builderid, group] of groups) groups.set(builderid, group.toSorted((a, b) => b.number - a.number).slice(0, most))
  return groups
}

export function withRecentBuild(recent: RecentBuilds['builds'], build: Build, most: number): RecentBuilds['builds'] {
  const group = upsert(recent.get(build.builderid) ?? [], build, other => other.buildid === build.buildid)
  return new Map(recent).set(build.builderid, group.toSorted((a, b) => b.number - a.number).slice(0, most))
}

/** The list with the row in the place of the one that `same` names, or at its end. What is complete stays so: an event may come late. */
export function upsert<T extends object>(rows: readonly T[], row: T, same: (other: T) => boolean): T[] {
  const at = rows.findIndex(same)
  const old = rows[at]
  if (!old) return [...rows, row]
  return isComplete(old) && !isComplete(row) ? [...rows] : rows.with(at, row)
}

/** Rows by id while they are of interest; a row that no longer is goes. */
export function keepWhile<T>(rows: ReadonlyMap<number, T>, id: number, row: T, wanted: boolean): ReadonlyMap<number, T> {
  if (!wanted && !rows.has(id)) return rows
  const kept = new Map(rows)
  if (wanted) kept.set(id, row)
  else kept.delete(id)
  return kept
}

export function groupBy<T>(rows: Iterable<T>, keyOf: (row: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group) group.push(row)
    else groups.set(keyOf(row), [row])
  }
  return groups
}

export function countByBuilder(requests: Iterable<BuildRequest>): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { builderid } of requests) counts.set(builderid, (counts.get(builderid) ?? 0) + 1)
  return counts
}

export type WorkerCount = { connected: number; configured: number; /** Of those that are configured: they come when builds wait. */ latent: number }

/** For each builder, how many workers it has and how many of them are connected. */
export function countWorkers(workers: readonly Worker[], latent: ReadonlySet<number>): Map<number, WorkerCount> {
  const counts = new Map<number, WorkerCount>()
  for (const worker of workers) {
    const connected = worker.connected_to.length > 0 ? 1 : 0
    for (const builderid of new Set(worker.configured_on.map(entry => entry.builderid))) {
      const before = counts.get(builderid) ?? { connected: 0, configured: 0, latent: 0 }
      counts.set(builderid, { connected: before.connected + connected, configured: before.configured + 1, latent: before.latent + (latent.has(worker.workerid) ? 1 : 0) })
    }
  }
  return counts
}

const isComplete = (row: object): boolean => 'complete' in row && row.complete === true
