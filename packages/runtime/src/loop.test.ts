import { expect, test } from 'vitest'
import { manualClock } from './clock.js'
import { startLoop, type LoopOptions } from './loop.js'
import { createRegistry } from './metrics.js'
import { collectedLog } from './testing/collected-log.js'

function setUp(run: LoopOptions['run'], more: Partial<LoopOptions> = {}) {
  const clock = manualClock()
  const log = collectedLog()
  let runs = 0
  const loop = startLoop({ name: 'sweep', clock, logger: log.logger, everyMs: 1000, ...more, run: signal => { runs += 1; return run(signal) } })
  return { clock, loop, log, runs: () => runs }
}

/** A run that waits until the test lets it go on. */
function gate() {
  const waiting: (() => void)[] = []
  return { run: () => new Promise<void>(resolve => waiting.push(resolve)), open: () => waiting.shift()?.() }
}

test('it runs at the start, and then on every tick', async () => {
  const { clock, runs } = setUp(async () => {})
  await clock.advance(0)
  expect(runs()).toBe(1)
  await clock.advance(3000)
  expect(runs()).toBe(4)
})

test('any number of notifications during a run cause exactly one more', async () => {
  const { run, open } = gate()
  const { clock, loop, runs } = setUp(run)
  await clock.advance(0)
  for (let i = 0; i < 5; i++) loop.notify()
  expect(runs()).toBe(1)
  open()
  await clock.advance(0)
  expect(runs()).toBe(2)
  open()
  await loop.settled()
  expect(runs()).toBe(2)
})

test('a notification while it waits starts a run at once, and the tick is counted from there', async () => {
  const { clock, loop, runs } = setUp(async () => {})
  await clock.advance(900)
  loop.notify()
  await clock.advance(900)
  expect(runs()).toBe(2)
  await clock.advance(100)
  expect(runs()).toBe(3)
})

test('as long as there is more, it runs again', async () => {
  let left = 3
  const { clock, runs } = setUp(async () => ({ again: --left > 0 }))
  await clock.advance(0)
  expect(runs()).toBe(3)
})

test('the alarm comes before the tick, and is over once it has rung', async () => {
  const { clock, loop, runs } = setUp(async () => {})
  await clock.advance(0)
  loop.setAlarm(clock.now() + 200)
  await clock.advance(199)
  expect(runs()).toBe(1)
  await clock.advance(1)
  expect(runs()).toBe(2)
  await clock.advance(999)
  expect(runs()).toBe(2)
})

test('an alarm far away does not put off the sweep', async () => {
  const { clock, loop, runs } = setUp(async () => {})
  loop.setAlarm(clock.now() + 3_600_000)
  await clock.advance(1000)
  expect(runs()).toBe(2)
})

test('a failing run is repeated with growing pauses that notifications do not shorten', async () => {
  let fails = true
  const errors: unknown[] = []
  const { clock, loop, log, runs } = setUp(async () => { if (fails) throw new Error('no database') }, { onError: error => errors.push(error) })
  await clock.advance(0)
  loop.notify()
  await clock.advance(249)
  expect(runs()).toBe(1)
  await clock.advance(1)
  expect(runs()).toBe(2)
  await clock.advance(60_000)
  const waits = log.records().map(record => record.retryInMs)
  expect(waits.slice(0, 8)).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000])
  expect(errors).toHaveLength(waits.length)
  fails = false
  await clock.advance(10_000)
  const before = runs()
  await clock.advance(1000)
  expect(runs()).toBe(before + 1)
})

test('a stop aborts the run under way, waits for it, and nothing runs after', async () => {
  let ended = false
  const { clock, loop, log, runs } = setUp(signal => new Promise((_resolve, reject) => signal.addEventListener('abort', () => { ended = true; reject(new Error('aborted')) })))
  await clock.advance(0)
  loop.notify()
  await loop.stop()
  expect(ended).toBe(true)
  loop.notify()
  loop.setAlarm(clock.now())
  await clock.advance(10_000)
  expect(runs()).toBe(1)
  expect(log.lines).toEqual([])
})

test('a run that throws before its first await is no different', async () => {
  const { clock, runs } = setUp(() => { throw new Error('at once') })
  await clock.advance(250)
  expect(runs()).toBe(2)
})

test('runs are counted by loop and outcome', async () => {
  const registry = createRegistry({ role: 'engine' })
  let fails = false
  const { clock, loop } = setUp(async () => { if (fails) throw new Error('x') }, { registry })
  await clock.advance(1000)
  fails = true
  loop.notify()
  await clock.advance(0)
  const text = await registry.metrics()
  expect(text).toContain('yard_loop_runs_total{loop="sweep",outcome="ok",role="engine"} 2')
  expect(text).toContain('yard_loop_runs_total{loop="sweep",outcome="error",role="engine"} 1')
})

test('a sweep may not be rarer than every 5 s', () => {
  expect(() => setUp(async () => {}, { everyMs: 5001 })).toThrow('at most 5000 ms')
})
