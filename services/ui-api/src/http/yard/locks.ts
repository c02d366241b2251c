import { routes, type Lock, type LockUser } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { serve } from './serve.js'

type Row = Pick<Lock, 'name' | 'worker' | 'maxCount'> & Omit<LockUser, 'step'> & { id: number; held: boolean; stepNumber: number | null; stepName: string | null }

/** Every lock in use: who holds it, who waits for it. */
export function lockRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.locks.list, async () => {
    const { rows } = await deps.db.pool.query<Row>(
      `SELECT l.id, l.name, w.name AS worker, l.max_count AS "maxCount", c.held_at IS NOT NULL AS held, c.mode, c.count, extract(epoch FROM coalesce(c.held_at, c.asked_at))::float8 AS since,
         b.id AS buildid, b.number, u.id AS builderid, u.name AS builder, c.step_number AS "stepNumber", s.name AS "stepName"
       FROM lock_claims c JOIN locks l ON l.id = c.lock_id JOIN builds b ON b.id = c.build_id JOIN builders u ON u.id = b.builder_id
       LEFT JOIN workers w ON l.key = 'worker:' || w.id || ':' || l.name LEFT JOIN steps s ON s.build_id = b.id AND s.number = c.step_number
       ORDER BY l.name, w.name NULLS FIRST, l.id, c.id`)
    return { locks: locksOf(rows) }
  })
  return router
}

function locksOf(rows: Row[]): Lock[] {
  const locks = new Map<number, Lock>()
  for (const { id, name, worker, maxCount, held, stepNumber, stepName, ...user } of rows) {
    const lock = locks.get(id) ?? { name, worker, maxCount, holders: [], waiters: [] }
    locks.set(id, lock)
    lock[held ? 'holders' : 'waiters'].push({ ...user, step: stepNumber === null ? null : { number: stepNumber, name: stepName ?? String(stepNumber) } })
  }
  return [...locks.values()]
}
