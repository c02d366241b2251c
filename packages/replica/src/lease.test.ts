import { freePort } from '@yardmaster/cli/local'
import { openDatabase } from '@yardmaster/db'
import { createLogger, createRegistry, manualClock, startLoop, type Loop } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { until } from '../../../test/kit/until.js'
import { startLease } from './lease.js'

const loops: Loop[] = []
afterEach(async () => { await Promise.all(loops.splice(0).map(loop => loop.stop())) })

test('while the database is away the lease is tried each second, however long that lasts', async () => {
  const clock = manualClock()
  const lines: string[] = []
  const logger = createLogger({ name: 'test', destination: { write: line => void lines.push(line) } })
  const db = openDatabase({ url: `postgresql://nobody@127.0.0.1:${await freePort()}/nothing`, connections: 2, onConnectionLost: () => {} })
  const lease = startLease({
    db, id: 1, fence: { replicaId: 1 }, clock, logger, onBack: () => {},
    loop: spec => {
      const loop = startLoop({ ...spec, clock, logger, registry: createRegistry({ role: 'test' }) })
      loops.push(loop)
      return loop
    },
  })
  for (let second = 1; second <= 20; second++) {
    await until(`try ${second}`, () => lines.length >= second)
    await loops[0]!.settled()
    await clock.advance(1_000)
    expect([lease.cutOff(), lease.steadyMs() === 0]).toEqual([second > 6, second > 3])
  }
  // As after another transaction of this replica.
  db.onRenewed()
  expect(lease.cutOff()).toBe(false)
  await db.close()
})
