import { describe, expect, test } from 'vitest'
import { LockBoard, type LockUse } from '../locks.js'
import { planDemand, type WaitingRequest } from './demand.js'
import { poolDefaults, type PoolConfig } from './pool-config.js'
import type { PoolMachine, PoolState, PoolWorld, WorkerRowFacts } from './pool-facts.js'
import { planScaleIn } from './scale-in.js'

const NOW = Date.parse('2026-11-23T12:00:00Z')
const s = (seconds: number) => NOW + seconds * 1000
const names = ['p-1', 'p-2', 'p-3', 'p-4']
const config = (more: Partial<PoolConfig> = {}): PoolConfig => ({ ...poolDefaults, name: 'p', workers: names, max: 4, provider: { kind: 'process', account: {}, machine: {} }, ...more })
const tailored = { kind: 'process' as const, account: {}, machine: { env: { $interpolate: '%(prop:target)s' } } }
const poolState = (more: Partial<PoolState> = {}): PoolState => ({ id: 1, name: 'p', config: config(), paused: null, alert: null, backoff: null, noRoom: [], refused: [], ...more })
const worker = (id: number, name: string, more: Partial<WorkerRowFacts> = {}): WorkerRowFacts => ({
  id, name, pool: 1, labels: {}, maxBuilds: 1, capacity: null, building: [], connected: false, paused: false, pauseReason: null, graceful: false, orphans: false, quarantinedUntil: null, downtime: [], ...more })
const machine = (slot: number, more: Partial<PoolMachine> = {}): PoolMachine => ({
  id: 100 + slot, pool: 1, workerId: slot, worker: names[slot - 1]!, generationId: 1, fingerprint: null, zone: null, plan: null, wanted: true, holdsSlot: true, begun: true, connected: false, builds: 0, uses: 0,
  requestedAt: s(-1000), createdAt: s(-990), connectedAt: null, idleSince: null, awaySince: null, retireReason: null, goneAt: null, price: null, ...more })
const idle = (slot: number, seconds: number, more: Partial<PoolMachine> = {}) => machine(slot, { connected: true, connectedAt: s(-900), idleSince: s(-seconds), uses: 1, ...more })
const building = (slot: number, more: Partial<PoolMachine> = {}) => machine(slot, { connected: true, connectedAt: s(-900), builds: 1, uses: 1, ...more })

type Scene = { pool?: Partial<PoolState>; config?: Partial<PoolConfig>; machines?: PoolMachine[]; workers?: WorkerRowFacts[]; engines?: boolean; outdated?: number[] }

/** Workers of the pool are as their machines are. */
function world({ pool, config: more, machines = [], workers = [], engines = true, outdated = [] }: Scene): PoolWorld {
  const slots = names.map((name, index) => {
    const own = machines.find(one => one.workerId === index + 1 && one.holdsSlot)
    return worker(index + 1, name, { connected: own?.connected ?? false, building: own && own.builds > 0 ? [{ builder: 'other', units: 1 }] : [] })
  })
  const replaced = new Map(workers.map(one => [one.id, one]))
  return { now: NOW, engines, pools: [poolState({ config: config(more), ...pool })], workers: [...slots.map(slot => replaced.get(slot.id) ?? slot), ...workers.filter(one => one.id > 4)], machines, outdated: one => outdated.includes(one.id) }
}

const request = (id: number, more: Partial<WaitingRequest> & { workers?: string[] } = {}): WaitingRequest => ({
  id, builder: { key: `b${id}`, workers: more.workers ?? names, workerLabels: null, units: 1 }, machines: new Map(), refused: new Set(), locks: [], workerLocks: [], parent: null, ...more })
const requests = (count: number, more: Parameters<typeof request>[1] = {}) => Array.from({ length: count }, (_, index) => request(index + 1, more))
const plan = (scene: Scene, waiting: WaitingRequest[] = [], barred = new Map<number, { why: string; until: null }>()) => planDemand(world(scene), { requests: waiting, locks: new LockBoard([], new Map()), barred })
const started = (scene: Scene, waiting: WaitingRequest[] = []) => plan(scene, waiting).starts.map(start => start.worker)

describe('what is started', () => {
  test.each<[what: string, scene: Scene, waiting: WaitingRequest[], starts: string[]]>([
    ['nothing when nobody waits', {}, [], []],
    ['one for each that waits', {}, requests(2), ['p-1', 'p-2']],
    ['no more than there are slots', {}, requests(9), names],
    ['none for whom a machine that is under way will take', { machines: [machine(1), machine(3)] }, requests(3), ['p-2']],
    ['none for whom an idle machine will take', { machines: [idle(1, 5)] }, requests(1), []],
    ['one when all machines build', { machines: [building(1)] }, requests(1), ['p-2']],
    ['none for whom a worker that connects by itself will take', { workers: [worker(9, 'own', { pool: null, connected: true })] }, requests(1, { workers: ['own', ...names] }), []],
    ['one when that worker is paused', { workers: [worker(9, 'own', { pool: null, connected: true, paused: true })] }, requests(1, { workers: ['own', ...names] }), ['p-1']],
    ['one when that worker is not there', { workers: [worker(9, 'own', { pool: null })] }, requests(1, { workers: ['own', ...names] }), ['p-1']],
    ['none in a slot that is paused', { workers: [worker(1, 'p-1', { paused: true })] }, requests(1), ['p-2']],
    ['none in a slot that is in quarantine', { workers: [worker(1, 'p-1', { quarantinedUntil: s(60) })] }, requests(1), ['p-2']],
    ['one in a slot whose last process was told to go', { workers: [worker(1, 'p-1', { graceful: true, orphans: true })] }, requests(1), ['p-1']],
    ['none in a slot whose machine is still going', { machines: [machine(1, { wanted: false })] }, requests(1), ['p-2']],
    ['one instead of a machine that is to get no further build', { machines: [idle(1, 5, { retireReason: 'its time is over' })] }, requests(1), ['p-2']],
    ['one instead of a machine that has had its builds', { config: { maxUses: 1 }, machines: [idle(1, 5)] }, requests(1), ['p-2']],
    ['one instead of a machine that is too old', { config: { maxAge: 900 }, machines: [idle(1, 5)] }, requests(1), ['p-2']],
    ['one instead of a machine of other options', { machines: [idle(1, 5)], outdated: [101] }, requests(1), ['p-2']],
    ['one in place of a worker that has not been given it, though it is free', { workers: [worker(9, 'own', { pool: null, connected: true })] }, requests(1, { workers: ['own', ...names], refused: new Set(['worker own']) }), ['p-1']],
    ['none for a request that a machine of the pool has not been given, though it is free', { machines: [idle(1, 50)] }, requests(1, { refused: new Set(['pool 1']) }), []],
    ['one instead of a machine that its worker has left', { machines: [machine(1, { connectedAt: s(-100), awaySince: s(-30) })] }, requests(1), ['p-2']],
    ['none for whom a machine will take whose worker is on its way to another engine', { machines: [machine(1, { connectedAt: s(-100), awaySince: s(-10) })] }, requests(1), []],
    ['a build a machine with a buildWaitTimeout of 0, also where a machine takes many at once', { config: { buildWaitTimeout: 0 }, workers: names.map((name, index) => worker(index + 1, name, { maxBuilds: null })) }, requests(2), ['p-1', 'p-2']],
    ['one for builds that fit on it together', { workers: names.map((name, index) => worker(index + 1, name, { maxBuilds: null })) }, requests(2), ['p-1']],
    ['nothing without an engine', { engines: false }, requests(1), []],
    ['nothing in a pool that is paused', { pool: { paused: { reason: null } } }, requests(1), []],
    ['nothing in a pool that has an alert', { pool: { alert: 'no credits' } }, requests(1), []],
    ['nothing in a pool that backs off', { pool: { backoff: { until: s(10), reason: 'a quota' } } }, requests(1), []],
    ['again when it has', { pool: { backoff: { until: s(-1), reason: 'a quota' } } }, requests(1), ['p-1']],
    ['nothing of what no machine can be made of', { pool: { refused: [{ fingerprint: null, why: 'no such image' }] } }, requests(1), []],
    ['nothing where there was no room just now', { pool: { noRoom: [{ zone: null, plan: null, at: s(-10) }] } }, requests(1), []],
    ['as many as always are', { config: { min: 2 }, machines: [building(1)] }, [], ['p-2']],
    ['spare ones besides those that build', { config: { warm: 1 }, machines: [building(1)] }, requests(1), ['p-2', 'p-3']],
    ['spare ones no more than there are slots', { config: { warm: 9 }, machines: [building(1)] }, [], ['p-2', 'p-3', 'p-4']],
    ['no spare one while one is idle', { config: { warm: 1 }, machines: [idle(1, 5)] }, [], []],
    ['spare ones by the clock', { config: { schedule: [{ days: ['mon'], from: '12:00', to: '13:00', timeZone: 'UTC', min: null, warm: 1 }] } }, [], ['p-1']],
    ['none by another clock', { config: { schedule: [{ days: ['mon'], from: '12:00', to: '13:00', timeZone: 'Europe/Berlin', min: null, warm: 1 }] } }, [], []],
    ['none ready whose options depend on the build', { config: { min: 1, provider: tailored } }, [], []],
  ])('%s', (_what, scene, waiting, starts) => expect(started(scene, waiting)).toEqual(starts))

  test('for whom it is, and why nothing is', () => {
    expect(plan({ config: { zones: ['de', 'fi'] }, pool: {} }, requests(1)).starts).toEqual([
      { pool: 1, workerId: 1, worker: 'p-1', fingerprint: null, requestId: 1, placement: { zone: 'de', plan: null }, reason: 'build request 1 waits' }])
    expect(plan({ pool: { backoff: { until: s(10), reason: 'a quota' } } }, requests(1)).obstacles.get(1)).toEqual({ why: 'pool p starts nothing for a while: a quota', until: s(10) })
    expect(plan({}, requests(1), new Map([[1, { why: 'its cap', until: null }]])).starts).toEqual([])
  })

  test('a request whose lock is not free needs no machine; of two that want one lock the first does', () => {
    const lock: LockUse = { key: 'cluster:db', name: 'db', mode: 'exclusive', count: 1, maxCount: 1 }
    expect(started({}, requests(3, { locks: [lock] }))).toEqual(['p-1'])
    const held = new LockBoard([{ id: 1, key: 'cluster:db', mode: 'exclusive', count: 1, build: 7, step: null, held: true }], new Map([['cluster:db', 1]]))
    expect(planDemand(world({}), { requests: requests(2, { locks: [lock] }), locks: held, barred: new Map() }).starts).toEqual([])
  })

  test('a machine for each sort of build; where there is no slot, the one that has been idle for longest makes room', () => {
    const of = (id: number, fingerprint: string | null) => request(id, { machines: new Map([[1, fingerprint]]) })
    const scene: Scene = { config: { provider: tailored } }
    expect(plan(scene, [of(1, 'arm'), of(2, null), of(3, 'x86'), request(4)]).starts.map(start => [start.worker, start.fingerprint])).toEqual([['p-1', 'arm'], ['p-2', 'x86']])
    const full = { ...scene, machines: [idle(1, 5, { fingerprint: 'a' }), idle(2, 50, { fingerprint: 'b' }), building(3, { fingerprint: 'c' }), idle(4, 60, { fingerprint: 'd' })] }
    expect([...plan(full, [of(1, 'd'), of(2, 'e')]).replaced]).toEqual([102])
    expect([...plan({ ...full, pool: { paused: { reason: null } } }, [of(2, 'e')]).replaced]).toEqual([])
    // A slot that is being emptied, which takes its time, is room for one.
    const going = { ...full, machines: [idle(1, 5, { fingerprint: 'a' }), idle(2, 50, { fingerprint: 'b', wanted: false }), building(3, { fingerprint: 'c' }), idle(4, 60, { fingerprint: 'd' })] }
    expect([...plan(going, [of(2, 'e')]).replaced]).toEqual([])
    expect([...plan(going, [of(2, 'e'), of(3, 'f')]).replaced]).toEqual([104])
  })
})

test('in many small worlds: what was started is enough, also when it is there; and nothing of it goes before its time', () => {
  const random = seeded(42)
  const chance = (likely: number) => random() < likely
  for (let round = 0; round < 600; round++) {
    const varied = chance(0.5)
    const maxBuilds = chance(0.5) ? 1 : 2
    const slotOf = (slot: number) => worker(slot, names[slot - 1]!, { maxBuilds })
    const machines = names.flatMap((_, index) => (chance(0.6) ? [] : [
      (chance(0.5) ? idle(index + 1, 5, { uses: 0 }) : chance(0.5) ? building(index + 1, { uses: 0 }) : machine(index + 1))]).map(one => (varied ? { ...one, fingerprint: chance(0.5) ? 'x' : 'y' } : one)))
    const scene = (all: PoolMachine[]): Scene => ({
      // Engines spread builds: of spare machines that take several at once more are begun as they come.
      config: { warm: varied || maxBuilds > 1 ? 0 : Math.floor(random() * 2), ...(varied ? { provider: tailored } : {}) }, machines: all,
      workers: names.map((_, index) => ({ ...slotOf(index + 1), connected: all.some(one => one.workerId === index + 1 && one.connected), building: all.some(one => one.workerId === index + 1 && one.builds > 0) ? [{ builder: 'other', units: 1 }] : [] })) })
    const waiting = Array.from({ length: Math.floor(random() * 7) }, (_, id) => request(id + 1, {
      builder: { key: `b${Math.floor(random() * 3)}`, workers: names.filter(() => chance(0.7)), workerLabels: null, units: 1 }, machines: new Map(varied ? [[1, chance(0.5) ? 'x' : 'y']] : []) }))
    const first = scene(machines)
    const { starts } = plan(first, waiting)
    const begun = starts.map(({ workerId, fingerprint }) => machine(workerId, { fingerprint }))
    for (const more of [begun, begun.map(one => ({ ...one, connected: true, connectedAt: NOW, idleSince: NOW }))]) {
      const after: Scene = { ...scene([...machines, ...more]), config: first.config! }
      const again = plan(after, waiting)
      expect({ round, starts: again.starts }).toEqual({ round, starts: [] })
      expect({ round, gone: planScaleIn(world(after), again).dismissals }).toEqual({ round, gone: [] })
    }
    // Each start is for a request, or spare.
    expect(starts.filter(start => start.requestId !== null).length).toBeLessThanOrEqual(waiting.length)
  }
})

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

describe('what goes', () => {
  const gone = (scene: Scene, waiting: WaitingRequest[] = []) => planScaleIn(world(scene), plan(scene, waiting)).dismissals.map(({ machine: id, building: how }) => `${id} ${how}`)
  const hourly = { perHour: 1, currency: 'EUR', period: 3600 }
  const paid = (slot: number, createdSecondsAgo: number, idleSeconds: number) => idle(slot, idleSeconds, { createdAt: s(-createdSecondsAgo), price: hourly })
  test.each<[what: string, scene: Scene, waiting: WaitingRequest[], gone: string[]]>([
    ['nothing before its time', { machines: [idle(1, 599)] }, [], []],
    ['what has been idle for long enough', { machines: [idle(1, 601), building(2)] }, [], ['101 leave']],
    ['not what is about to get a build', { machines: [idle(1, 601)] }, requests(1), []],
    ['not what waits for ever', { config: { buildWaitTimeout: null }, machines: [idle(1, 1e6)] }, [], []],
    ['what does not suit the builds that wait, also while others are started for them', { config: { provider: tailored }, machines: [idle(1, 601, { fingerprint: 'x86' })] }, requests(2, { machines: new Map([[1, 'arm']]) }), ['101 leave']],
    ['not what boots', { machines: [machine(1)] }, [], []],
    ['what was never asked for, when nobody waits any more', { machines: [machine(1, { begun: false })] }, [], ['101 leave']],
    ['what has had its one build', { config: { buildWaitTimeout: 0 }, machines: [idle(1, 0), building(2)] }, [], ['101 retire', '102 retire']],
    ['what may have one build and got none, after a minute', { config: { buildWaitTimeout: 0 }, machines: [idle(1, 61, { uses: 0 }), idle(2, 59, { uses: 0 })] }, [], ['101 leave']],
    ['not the last ones of a pool that always has some', { config: { min: 1 }, machines: [idle(1, 700), idle(2, 800)] }, [], ['102 leave']],
    ['not spare ones', { config: { warm: 1 }, machines: [idle(1, 700), building(2)] }, [], []],
    ['what is too old', { config: { maxAge: 900 }, machines: [building(1)] }, [], ['101 retire']],
    ['what is of other options', { machines: [building(1), machine(2)], outdated: [101, 102] }, [], ['101 retire', '102 retire']],
    ['all of a pool that is not in the configuration any more', { pool: { config: null }, machines: [building(1), machine(2)] }, [], ['101 retire', '102 retire']],
    ['what is of a slot that is not any more', { config: { workers: names.slice(0, 1), max: 1 }, machines: [building(1), building(2)] }, [], ['102 retire']],
    ['what its worker has left', { machines: [machine(1, { connectedAt: s(-100), awaySince: s(-61) }), machine(2, { connectedAt: s(-100), awaySince: s(-59) })] }, [], ['101 leave']],
    ['not what its worker has left with a build', { machines: [machine(1, { connectedAt: s(-100), awaySince: s(-61), builds: 1 })] }, [], []],
    ['first what is paid for the shortest time', { config: { min: 1 }, machines: [paid(1, 3000, 900), paid(2, 3500, 700)] }, [], ['102 leave']],
    ['not what is paid for still, where that counts', { config: { scaleIn: 'billing-period' }, machines: [paid(1, 3000, 900), paid(2, 3400, 700), paid(3, 7000, 700)] }, [], ['102 leave', '103 leave']],
    ['not what is idle too short, though its hour ends', { config: { scaleIn: 'billing-period' }, machines: [paid(1, 3500, 500)] }, [], []],
  ])('%s', (_what, scene, waiting, expected) => expect(gone(scene, waiting).sort()).toEqual(expected))

  test('says when it has to look again', () => {
    const at = (scene: Scene) => planScaleIn(world(scene), plan(scene)).nextAt
    expect(at({ machines: [idle(1, 100), idle(2, 500)] })).toBe(s(100))
    expect(at({ config: { maxAge: 1010 }, machines: [building(1)] })).toBe(s(10))
    expect(at({ machines: [building(1)] })).toBeNull()
    // An hour that was begun 1000 s ago: five minutes before it ends.
    expect(at({ config: { scaleIn: 'billing-period' }, machines: [paid(1, 1000, 700)] })).toBe(s(2300))
  })
})

describe('a daily cap', () => {
  const dailyCap = { amount: 5, timeZone: 'UTC', running: 'retry' as const }
  const hourly = { perHour: 1, currency: 'EUR', period: 3600 }
  const cost = (slot: number, createdSecondsAgo: number, more: Partial<PoolMachine> = {}) => building(slot, { createdAt: s(-createdSecondsAgo), price: hourly, ...more })
  const dismissed = (cap: Partial<typeof dailyCap> | { running: 'finish' }, machines: PoolMachine[]) => {
    const scene: Scene = { config: { dailyCap: { ...dailyCap, ...cap } }, machines }
    return planScaleIn(world(scene), plan(scene)).dismissals.map(({ machine: id, building: how }) => `${id} ${how}`)
  }
  // Each has begun its second hour at 12:00 less 3600 s and so on: two hours each are 4 spent, the next of both would make 6.
  test.each<[what: string, cap: Parameters<typeof dismissed>[0], machines: PoolMachine[], gone: string[]]>([
    ['lets go on what fits', { amount: 6 }, [cost(1, 7150), cost(2, 7150)], []],
    ['takes, just before the period begins, what does not fit, the last to begin', {}, [cost(1, 7150), cost(2, 7140)], ['102 retry']],
    ['gives no further build to what will not fit', {}, [cost(1, 7150), cost(2, 6700)], ['102 retire']],
    ['leaves alone what has time', {}, [cost(1, 7150), cost(2, 5000)], []],
    ['lets builds finish over the cap where that is said', { running: 'finish' }, [cost(1, 7150), cost(2, 7140)], ['102 retire']],
    ['counts what is gone', {}, [cost(1, 7150), machine(2, { wanted: false, holdsSlot: false, goneAt: s(-60), createdAt: s(-7140), price: hourly })], []],
    ['counts what is gone, up to the last one', { amount: 4 }, [cost(1, 7150), machine(2, { wanted: false, holdsSlot: false, goneAt: s(-60), createdAt: s(-7140), price: hourly })], ['101 retry']],
    ['does not count yesterday', { amount: 2.5 }, [cost(1, 7150), machine(2, { wanted: false, holdsSlot: false, goneAt: s(-50_000), createdAt: s(-80_000), price: hourly })], ['101 retry']],
    ['begins anew with the day of its time zone', { amount: 2, timeZone: 'Etc/GMT-12' }, [cost(1, 7150)], []],
  ])('%s', (_what, cap, machines, gone) => expect(dismissed(cap, machines)).toEqual(gone))
})
