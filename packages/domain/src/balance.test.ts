import { describe, expect, it } from 'vitest'
import { balanced, nextPause, toLetGo } from './balance.js'
import { fairShare, servesBuilder, takesWorker } from './engine-limits.js'

describe('toLetGo', () => {
  const shedding = { ...balanced, shedding: true }
  it.each([
    { what: 'all on one of two engines', view: { mine: 20, share: 10, idle: 20 }, state: balanced, letGo: 1 },
    { what: 'within 20 %', view: { mine: 12, share: 10, idle: 12 }, state: balanced, letGo: 0 },
    { what: 'within 20 %, on its way down', view: { mine: 12, share: 10, idle: 12 }, state: shedding, letGo: 1 },
    { what: 'at its share', view: { mine: 10, share: 10, idle: 10 }, state: shedding, letGo: 0 },
    { what: 'an odd number cannot be shared', view: { mine: 11, share: 10.5, idle: 11 }, state: shedding, letGo: 0 },
    { what: 'nobody idle', view: { mine: 20, share: 10, idle: 0 }, state: balanced, letGo: 0 },
    { what: 'a handful', view: { mine: 4, share: 2, idle: 4 }, state: balanced, letGo: 0 },
    { what: 'more than 20 %, but one worker', view: { mine: 5, share: 4, idle: 5 }, state: balanced, letGo: 0 },
    { what: 'thousands: a few at a time', view: { mine: 2000, share: 1000, idle: 2000 }, state: balanced, letGo: 10 },
    { what: 'less than its share', view: { mine: 5, share: 10, idle: 5 }, state: shedding, letGo: 0 },
  ])('$what: $letGo', ({ view, state, letGo }) => {
    expect(toLetGo(view, state).letGo).toBe(letGo)
  })

  it('two engines come to rest', () => {
    const engines = [{ mine: 37, state: balanced }, { mine: 0, state: balanced }]
    for (let tick = 0; tick < 100; tick++) {
      engines.forEach((engine, at) => {
        const { letGo, shedding: goesOn } = toLetGo({ mine: engine.mine, share: 37 / 2, idle: engine.mine }, engine.state)
        engine.state = { ...engine.state, shedding: goesOn }
        engine.mine -= letGo
        engines[1 - at]!.mine += letGo
      })
    }
    expect(engines.map(engine => engine.mine)).toEqual([19, 18])
  })
})

it('who lets go in vain waits longer and longer, and no longer than five minutes', () => {
  const inVain = Array.from({ length: 10 }).reduce<number[]>(pauses => [...pauses, nextPause(pauses.at(-1)!, { letGo: 1, returned: 1 })], [1])
  expect(inVain).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
  expect(nextPause(64, { letGo: 0, returned: 0 })).toBe(64)
  expect(nextPause(64, { letGo: 3, returned: 1 })).toBe(1)
})

describe('limits', () => {
  const builder = { name: 'mobile-ios', key: 'mobile-ios', workers: ['mac'], workerLabels: null, units: 1 }
  it.each([
    [null, true], [{ builders: [], labels: {} }, true], [{ builders: ['mobile-*'], labels: {} }, true], [{ builders: ['web', 'mobile-io?'], labels: {} }, true],
    [{ builders: ['mobile'], labels: {} }, false], [{ builders: ['mobile.ios'], labels: {} }, false],
  ])('%j serves mobile-ios: %s', (limits, expected) => {
    expect(servesBuilder(limits, builder)).toBe(expected)
  })
  it.each([
    [null, {}, true], [{ builders: ['mobile-*'], labels: {} }, {}, true], [{ builders: ['web'], labels: {} }, {}, false],
    [{ builders: [], labels: { os: 'darwin' } }, { os: 'darwin', arch: 'arm64' }, true], [{ builders: [], labels: { os: 'darwin' } }, {}, false],
  ])('%j takes mac with %j: %s', (limits, labels, expected) => {
    expect(takesWorker(limits, { name: 'mac', labels }, [builder])).toBe(expected)
  })
  it('shares each worker among those that can take it', () => {
    expect(fairShare(1, [[1, 2], [1, 2], [1], [2]])).toBe(2)
  })
})
