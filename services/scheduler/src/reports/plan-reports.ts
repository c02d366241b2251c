import { transaction, type Fence } from '@yardmaster/db'
import { planNotifications, type NewNotification } from '@yardmaster/db/verbs/plan-notifications'
import type { EventType, Told } from '@yardmaster/domain'
import { helpsToWait } from '../do/helps-to-wait.js'
import { composeFact, type Composing } from './compose-report.js'

export type Planning = Omit<Composing, 'generation'> & { fence: Fence; active: () => Composing['generation'] | null; holdsDuty: () => Promise<boolean> }

const BATCH = 40
const AT_ONCE = 8
const MOST_FACTS = 200

type FeedRow = { id: number; facts: Told[]; at: number }
/** `failed`: nothing could be made of it. */
type Composed = { id: number; notifications: NewNotification[]; failed: unknown }

/**
 * What happened is put to the active generation's reporters, in its order, outside any transaction; what they tell is written, and the feed's rows removed, in one.
 * A commit of which nothing can be written is logged and set aside until another generation is active, so that it does not stop those behind it.
 */
export function planReports(planning: Planning): (signal: AbortSignal) => Promise<{ again: boolean }> {
  const { db, active, holdsDuty } = planning
  let setAside = { generationId: 0, ids: new Set<number>() }
  return async signal => {
    const generation = active()
    if (generation === null || !await holdsDuty()) return { again: false }
    if (setAside.generationId !== generation.id) setAside = { generationId: generation.id, ids: new Set() }
    const { rows } = await db.pool.query<FeedRow>(
      `SELECT id, facts, extract(epoch FROM created_at)::float8 AS at FROM report_feed
       WHERE set_name = (SELECT name FROM configuration_sets WHERE active_generation_id = $1) AND NOT id = ANY($2) ORDER BY id LIMIT $3`, [generation.id, [...setAside.ids], BATCH])
    if (rows.length === 0 || signal.aborted) return { again: false }
    const some = withinBounds(rows)
    const composed = await inParts(some, row => composeRow({ ...planning, generation }, row))
    for (const { id, failed } of composed) if (failed !== null) putAside(planning, { id, error: failed }, setAside.ids)
    const outcome = await write(planning, generation.id, composed.filter(one => one.failed === null), setAside.ids)
    return { again: outcome === 'planned' ? rows.length === BATCH || some.length < rows.length : outcome === 'lost' || active()?.id !== generation.id }
  }
}

/** The first ones, with not many more facts than that in all: what they tell is held in memory until it is written. */
function withinBounds(rows: FeedRow[]): FeedRow[] {
  let facts = 0
  const end = rows.findIndex(row => (facts += row.facts.length) > MOST_FACTS)
  return end === -1 ? rows : rows.slice(0, Math.max(1, end))
}

async function composeRow(composing: Composing, { id, facts, at }: FeedRow): Promise<Composed> {
  const notifications: NewNotification[] = []
  try {
    for (const fact of facts.toSorted((a, b) => rank(a) - rank(b))) notifications.push(...await composeFact(composing, { ...fact, at }))
    return { id, notifications, failed: null }
  } catch (error) {
    // While the database is away nothing can be made of anything.
    if (helpsToWait(error)) throw error
    return { id, notifications: [], failed: error }
  }
}

/** What one commit tells in whatever order, in the order in which it happened. */
const ranks: { [type in EventType]?: number } = { 'buildrequest.new': 0, 'build.new': 1, 'step.started': 2, 'step.finished': 2, 'build.finished': 3, 'buildrequest.complete': 4, 'buildset.complete': 5 }
const rank = ({ type }: Told): number => ranks[type] ?? 6

async function inParts<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (let from = 0; from < items.length; from += AT_ONCE) done.push(...await Promise.all(items.slice(from, from + AT_ONCE).map(work)))
  return done
}

/** Together, since that is much faster; where that fails each by itself, so that one that cannot be stored stands alone. */
async function write(planning: Planning, generationId: number, composed: Composed[], setAside: Set<number>): Promise<'planned' | 'lost' | 'superseded'> {
  const { db, fence } = planning
  if (composed.length === 0) return 'planned'
  const plan = (some: Composed[]) => transaction(db, fence, tx =>
    planNotifications(tx, { generationId, feedIds: some.map(one => one.id), notifications: some.flatMap(one => one.notifications) }))
  try {
    return await plan(composed)
  } catch (error) {
    if (helpsToWait(error)) throw error
    if (composed.length > 1) {
      for (const one of composed) {
        const outcome = await write(planning, generationId, [one], setAside)
        if (outcome !== 'planned') return outcome
      }
      return 'planned'
    }
    for (const { id } of composed) putAside(planning, { id, error }, setAside)
    return 'planned'
  }
}

function putAside({ logger }: Planning, { id, error }: { id: number; error: unknown }, setAside: Set<number>): void {
  setAside.add(id)
  logger.error({ err: error, feed: id }, 'what happened could not be told of: it is set aside until the configuration changes or this service starts again')
}
