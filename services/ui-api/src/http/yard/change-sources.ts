import { askForPoll } from '@yardmaster/db/verbs/ask-for-poll'
import { maskCredentials } from '@yardmaster/runtime'
import { routes, type ChangeSource, type ChangeSourceDetails } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

type Row = Omit<ChangeSource, 'repository' | 'reconciles'>

const seconds = (expression: string) => `extract(epoch FROM ${expression})::float8`

const SELECT = `SELECT s.id, s.name, s.kind, s.set_name AS set, (SELECT count(*)::int FROM jsonb_object_keys(coalesce(s.state->'heads', '{}'))) AS heads, ${seconds('s.due_at')} AS "dueAt",
    s.asked, m.name AS "pollingOn", ${seconds('s.polled_at')} AS "polledAt", s.failures, s.trouble, ${seconds('s.trouble_since')} AS "troubleSince"
  FROM change_sources s LEFT JOIN replicas m ON m.id = s.holder_id AND m.state = 'alive' WHERE s.active`

/** Where changes are looked for, how far that is, and what hinders it. */
export function changeSourceRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.changeSources.list, async () => {
    const { rows } = await db.pool.query<Row>(`${SELECT} ORDER BY s.name`)
    return { changesources: rows.map(row => present(deps, row)) }
  })
  serve(router, deps, routes.changeSources.one, async ({ params }) => ({ changesource: await one(deps, params.source) }))
  serve(router, deps, routes.changeSources.poll, async ({ params, request }) => {
    const { id } = await one(deps, params.source)
    await act(deps, request, { ...routes.changeSources.poll.action, id }, tx => askForPoll(tx, [id]))
    return { changesource: await one(deps, params.source) }
  })
  return router
}

function present({ activeGenerations }: Pick<Deps, 'activeGenerations'>, row: Row): ChangeSource {
  const source = activeGenerations().flatMap(({ configuration }) => configuration.changeSources).find(({ name }) => name === row.name)
  return { ...row, name: row.name, repository: maskCredentials(source?.repository ?? ''), reconciles: source?.reconciles ?? null }
}

/** By its id or name. */
async function one(deps: Deps, which: string): Promise<ChangeSourceDetails> {
  const { rows: [row] } = await deps.db.pool.query<Row & { read: { [branch: string]: string } }>(
    `SELECT q.*, coalesce(s.state->'heads', '{}') AS read FROM (${SELECT}) q JOIN change_sources s USING (id) WHERE q.id::text = $1 OR q.name = $1 ORDER BY q.name = $1 DESC LIMIT 1`, [which])
  if (!row) throw new YardError(404, `not found: there is no change source ${which}`)
  const { read, ...rest } = row
  return { ...present(deps, rest), read }
}
