import type { Database } from '@yardmaster/db'
import { recordOf, repositoryKey, type GitPollerConfig, type Json, type JsonRecord } from '@yardmaster/domain'
import { branchOf } from './refs.js'

/** A branch was moved: what came since `before` (null: it was new, or nobody says) up to `after` was told. */
export type Push = { branch: string; before: string | null; after: string }

/** Said in the place of `before`: this one commit alone was told. */
const ONLY = '^'

/** Clocks of hosts and pauses of polls are not exact; too much is harmless. */
const MARGIN = "interval '1 hour'"

/**
 * The pushes that a hook was told of since the last poll (null: ever, as far as messages are kept), whatever came of them: what asked not to be built,
 * what a user's function dropped, and what is still worked on, are told too.
 */
export async function toldPushes(db: Database, { repository, reconciles }: Pick<GitPollerConfig, 'repository' | 'reconciles'>, since: Date | null): Promise<Push[]> {
  const key = repositoryKey(repository)
  const { rows } = await db.pool.query<{ payload: string }>(
    `SELECT payload FROM deliveries WHERE source = $1 AND payload IS NOT NULL AND ($2::timestamptz IS NULL OR received_at >= $2::timestamptz - ${MARGIN})
       AND (source = 'base' OR right(lower($3), length(repository) + 1) = '/' || lower(repository)) ORDER BY id`, [reconciles, since, key])
  return rows.flatMap(({ payload }) => pushesIn(payload, key))
}

/** Of the revisions of a branch, oldest first, those that no push brought. */
export function untold(revisions: string[], branch: string, pushes: Push[]): string[] {
  const place = new Map(revisions.map((revision, at) => [revision, at]))
  const told = new Set<string>()
  for (const push of pushes) {
    const end = place.get(push.after)
    if (push.branch !== branch || end === undefined) continue
    const begin = push.before === null ? -1 : push.before === ONLY ? end - 1 : place.get(push.before) ?? -1
    for (const revision of revisions.slice(begin + 1, end + 1)) told.add(revision)
  }
  return revisions.filter(revision => !told.has(revision))
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])
const textOf = (value: Json | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** As the hosts' documentation has it; what has no such form is no push. */
function pushesIn(payload: string, key: string): Push[] {
  const fields = recordOf(JSON.parse(payload) as Json)
  const moves: [ref: string | null, before: string | null, after: string | null][] = [
    // GitHub, GitLab, Gitea.
    [textOf(fields['ref']), textOf(fields['before']), textOf(fields['after'])],
    ...listOf(recordOf(fields['push'])['changes']).map((change): [string | null, string | null, string | null] => {
      const { old, new: now } = recordOf(change)
      const isBranch = recordOf(now)['type'] === 'branch'
      return [isBranch ? `refs/heads/${textOf(recordOf(now)['name']) ?? ''}` : null, textOf(recordOf(recordOf(old)['target'])['hash']), textOf(recordOf(recordOf(now)['target'])['hash'])]
    }),
    ...listOf(fields['changes']).map((change): [string | null, string | null, string | null] => {
      const { ref, fromHash, toHash } = recordOf(change)
      return [textOf(recordOf(ref)['id']), textOf(fromHash), textOf(toHash)]
    }),
  ]
  const pushes = moves.flatMap(([ref, before, after]): Push[] => (ref === null || after === null || /^0+$/.test(after) ? [] : [{ branch: branchOf(ref), before: before === null || /^0+$/.test(before) ? null : before, after }]))
  return [...pushes, ...toldByBase(fields, key)]
}

/** One change, field by field: nothing before it is told. */
function toldByBase({ repository, branch, revision }: JsonRecord, key: string): Push[] {
  const [at, name, after] = [textOf(repository), textOf(branch), textOf(revision)]
  return at === null || name === null || after === null || repositoryKey(at) !== key ? [] : [{ branch: branchOf(name), before: ONLY, after }]
}
