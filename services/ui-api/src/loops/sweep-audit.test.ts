import { manualClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { sweepOldAudit } from './sweep-audit.js'

let installation: Installation
beforeAll(async () => { installation = await anInstallation(aConfiguration()) })
afterAll(() => installation?.close())

it('removes what is kept no longer, and nothing else', async () => {
  const { pool } = installation.db
  const record = (days: number, outcome: string, count = 1) => pool.query(
    `INSERT INTO control_actions (at, actor, action, thing, outcome) SELECT now() - make_interval(days => $1), 'user:x', $2 || $1, 'builds', $2 FROM generate_series(1, $3)`, [days, outcome, count])
  await record(401, 'done', 600)
  for (const days of [399, 31, 29]) for (const outcome of ['done', 'refused']) await record(days, outcome)
  const token = (name: string, days: number) => pool.query(`INSERT INTO api_tokens (hash, name, authority, username, scopes, expires_at) VALUES (sha256(convert_to($1::text, 'UTF8')), $1, 'users', 'x', '{read}', now() - make_interval(days => $2))`, [name, days])
  await token('long gone', 91)
  await token('expired', 89)
  const clock = manualClock()
  const sweep = sweepOldAudit({ db: installation.db, clock })
  while ((await sweep()).again);
  const { rows } = await pool.query<{ action: string }>('SELECT action FROM control_actions ORDER BY id')
  expect(rows.map(({ action }) => action)).toEqual(['done399', 'done31', 'done29', 'refused29'])
  expect((await pool.query<{ name: string }>('SELECT name FROM api_tokens')).rows).toEqual([{ name: 'expired' }])
  await record(401, 'done')
  await sweep()
  expect((await pool.query('SELECT 1 FROM control_actions')).rowCount).toBe(5)
  await clock.advance(600_000)
  await sweep()
  expect((await pool.query('SELECT 1 FROM control_actions')).rowCount).toBe(4)
})
