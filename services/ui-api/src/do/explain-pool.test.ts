import type { Pool } from '@yardmaster/rest'
import { describe, expect, it } from 'vitest'
import { explainPool, obstacles } from './explain-pool.js'

const now = 1_000_000
const around = { provisioners: 1, now }
const pool: Pool = {
  id: 1, name: 'big', active: true, workers: [], waiting: 0, building: 0, idle: 0, machines: { requested: 0, creating: 0, booting: 0, ready: 0, removing: 0 }, failures: 0, backoff: null, alert: null, paused: null, obstacle: null,
  configured: { provider: 'upcloud', min: 0, max: 3, warm: 0, buildWaitTimeout: 600, missingTimeout: 1200, maxUses: null, maxAge: null, zones: [], plans: [], scaleIn: 'idle' },
  lastFailure: null, price: null, spent: null, cap: null, boot: null,
}
const price = { perHour: 0.5, currency: 'EUR', period: 3600 }

describe('why a pool has as many machines as it has', () => {
  it.each<[string, Partial<Pool>, string[]]>([
    ['nothing to do', {}, ['It has 0 of at most 3 machines.', 'No build waits for it.']],
    ['at work', { waiting: 1, building: 1, idle: 0, machines: { requested: 0, creating: 1, booting: 0, ready: 1, removing: 1 } },
      ['It has 2 of at most 3 machines: 1 building, 1 being created. 1 more is being removed.', '1 build waits that may run on it; 1 machine is on the way, and it may have no more.']],
    ['paused', { paused: { reason: 'the bill' }, waiting: 2 },
      ['It is paused (the bill): nothing is started until somebody resumes it (yard pool resume big).', 'It has 0 of at most 3 machines.', '2 builds wait that may run on it; no machine is on the way.']],
    ['an alert and a backoff', { alert: { reason: 'the account has no credits', since: 5 }, backoff: { until: now + 300, reason: 'no capacity in de-fra1' }, failures: 2 }, [
      'It starts nothing until somebody has looked: the account has no credits (then: yard pool clear-alert big).', 'It starts nothing for another 5 min, after 2 failures in a row: no capacity in de-fra1.',
      'It has 0 of at most 3 machines.', 'No build waits for it.']],
    ['money left', { price, spent: { today: 1, since: 0, currency: 'EUR' }, cap: { amount: 1.5, timeZone: 'UTC', running: 'retry' } },
      ['It has 0 of at most 3 machines.', 'No build waits for it.', '1.00 EUR of 1.50 EUR are spent today; a machine costs 0.50 EUR an hour.']],
    ['no money left', { waiting: 1, obstacle: { reason: 'pool big has reached its daily cap: 1.2 of 1.5 EUR are spent, 0 reserved', until: now + 7200 } },
      ['It starts nothing for another 2 h: pool big has reached its daily cap: 1.2 of 1.5 EUR are spent, 0 reserved.', 'It has 0 of at most 3 machines.', '1 build waits that may run on it; no machine is on the way.']],
    ['an obstacle to nothing', { obstacle: { reason: 'no engine is there', until: null } }, ['It has 0 of at most 3 machines.', 'No build waits for it.']],
    ['a cap without prices', { cap: { amount: 1.5, timeZone: 'UTC', running: 'retry' } },
      ['It has 0 of at most 3 machines.', 'No build waits for it.', 'Nothing is known yet of what its machines cost.']],
    ['a failure, and boots', { lastFailure: { at: now - 60, instance: 7, class: 'retry', message: 'it died in boot' }, boot: { machines: 2, created: { p50: 1, p90: 1, p99: 1 }, started: { p50: 1, p90: 1, p99: 1 }, connected: { p50: 45, p90: 180, p99: 200 } } }, [
      'It has 0 of at most 3 machines.', 'No build waits for it.', 'The last failure was 60 s ago, of instance 7: it died in boot (retry).', 'From the wish to its worker a machine takes 45 s, one in ten more than 3 min.']],
  ])('%s', (_name, more, expected) => {
    expect(explainPool({ ...pool, ...more }, around)).toEqual(expected)
  })

  it('is held up by what is missing around it', () => {
    expect(obstacles(pool, around)).toEqual([])
    expect(obstacles({ ...pool, active: false }, { ...around, provisioners: 0 })).toEqual([
      'No configuration names it any more: its machines go, and none is started.', 'No latent-worker-provisioner is running: nothing is started or removed until one is.'])
  })
})
