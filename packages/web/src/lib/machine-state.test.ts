import type { Instance, Pool } from '@yardmaster/rest'
import { expect, test } from 'vitest'
import { capShare, costOf, heldUp, machineState, machineWhy, money } from './machine-state.js'

const instance: Instance = {
  id: 17, pool: 'big', workerId: 5, worker: 'big-1', attempt: 3, provider: 'upcloud', generationId: 1, state: 'ready', desired: 'running', observed: 'running', operation: null, unsureSince: null, tries: 0, retryAt: null,
  connected: true, builds: 0, uses: 4, zone: null, plan: null, externalId: null, storages: [], address: null, detail: null, reason: 'a build waits', retireReason: null, endReason: null, failure: null,
  price: null, cost: null, requestedAt: 1, createdAt: 2, startedAt: 3, connectedAt: 4, idleSince: null, observedAt: 5, condemnedAt: null, goneAt: null,
}
const failure = { class: 'retry', message: 'it died' }

test.each<[Partial<Instance>, string, string, number]>([
  [{ state: 'requested' }, 'coming', 'requested', 1], [{ state: 'requested', tries: 1 }, 'coming', 'tried again', 1], [{ state: 'creating' }, 'coming', 'creating', 1],
  [{ state: 'creating', unsureSince: 9 }, 'coming', 'looked for', 1], [{ state: 'booting' }, 'coming', 'booting', 3], [{ state: 'booting', startedAt: null, observed: 'error' }, 'failed', 'in error', 2],
  [{}, 'idle', 'idle', 4], [{ builds: 1 }, 'building', 'building', 4], [{ builds: 1, retireReason: 'too old' }, 'building', 'last build', 4],
  [{ state: 'removing', condemnedAt: 7 }, 'going', 'removing', 7], [{ state: 'removing', failure }, 'failed', 'failed, removing', 1], [{ state: 'gone', goneAt: 8 }, 'gone', 'gone', 8], [{ state: 'gone', goneAt: 8, failure }, 'failed', 'failed', 8],
])('%j is %s: %s, since %d', (more, kind, text, since) => {
  expect(machineState({ ...instance, ...more })).toEqual({ kind, text, since })
})

test('the last of its reasons is told', () => {
  expect(machineWhy(instance)).toBe('a build waits')
  expect(machineWhy({ ...instance, retireReason: 'too old', endReason: 'idle' })).toBe('idle')
  expect(machineWhy({ ...instance, endReason: 'idle', failure })).toBe('it died')
})

test('money', () => {
  expect([money(0, 'EUR'), money(0.0123, 'EUR'), money(12.345, 'EUR')]).toEqual(['0.00 EUR', '0.0123 EUR', '12.35 EUR'])
  expect(costOf(instance)).toBe(null)
  expect(costOf({ cost: 1, price: { perHour: 1, currency: 'USD', period: 1 } })).toBe('1.00 USD')
})

test('what holds a pool up, and how much of its cap is spent', () => {
  const pool = { active: true, alert: null, paused: null, backoff: null, obstacle: null, waiting: 1, cap: null, spent: null } as unknown as Pool
  expect(heldUp(pool)).toBe(null)
  expect(heldUp({ ...pool, paused: { reason: null }, alert: { reason: 'x', since: 1 } })).toEqual({ kind: 'bad', text: 'stopped' })
  expect(heldUp({ ...pool, backoff: { until: 9, reason: 'x' } })?.text).toBe('backing off')
  expect(heldUp({ ...pool, obstacle: { reason: 'x', until: null } })?.text).toBe('held up')
  expect(heldUp({ ...pool, obstacle: { reason: 'x', until: null }, waiting: 0 })).toBe(null)
  const cap = { amount: 4, timeZone: 'UTC', running: 'retry' as const }
  expect([capShare(pool), capShare({ ...pool, cap }), capShare({ ...pool, cap, spent: { today: 1, since: 0, currency: 'EUR' } }), capShare({ ...pool, cap, spent: { today: 9, since: 0, currency: 'EUR' } })]).toEqual([null, 0, 0.25, 1])
})
