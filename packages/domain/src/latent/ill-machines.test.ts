import { expect, test } from 'vitest'
import { LockBoard } from '../locks.js'
import { planDemand } from './demand.js'
import { poolDefaults } from './pool-config.js'
import type { PoolMachine, PoolWorld, WorkerRowFacts } from './pool-facts.js'
import { planScaleIn } from './scale-in.js'

const NOW = 1_000_000
const worker: WorkerRowFacts = {
  id: 1, name: 'p-1', pool: 7, labels: {}, maxBuilds: 1, capacity: null, building: [], connected: true, paused: false, pauseReason: null, graceful: false, orphans: false,
  quarantinedUntil: NOW + 3_600_000, downtime: [],
}
const machine: PoolMachine = {
  id: 3, pool: 7, workerId: 1, worker: 'p-1', generationId: 1, fingerprint: null, zone: null, plan: null, wanted: true, holdsSlot: true, begun: true, connected: true, builds: 0, uses: 3,
  requestedAt: NOW - 60_000, createdAt: NOW - 60_000, connectedAt: NOW - 50_000, idleSince: NOW, awaySince: null, retireReason: null, goneAt: null, price: null,
}
const world = (machines: PoolMachine[]): PoolWorld => ({
  now: NOW, engines: true, workers: [worker], machines, outdated: () => false,
  pools: [{ id: 7, name: 'p', paused: null, alert: null, backoff: null, noRoom: [], refused: [], config: { ...poolDefaults, name: 'p', workers: ['p-1'], provider: { kind: 'process', account: {}, machine: {} } } }],
})
const plan = (machines: PoolMachine[]) => planDemand(world(machines), {
  requests: [{ id: 9, builder: { key: 'b', workers: ['p-1'], workerLabels: null, units: 1 }, machines: new Map(), refused: new Set(), locks: [], workerLocks: [], parent: null }], locks: new LockBoard([], new Map()), barred: new Map() })

test('a machine in quarantine is replaced: its worker is not blamed for what another machine did', () => {
  expect(planScaleIn(world([machine]), plan([machine])).dismissals).toEqual([
    { machine: 3, uses: 3, reason: 'its worker is in quarantine: builds failed through its fault', building: 'retire' }])
  expect([...plan([{ ...machine, connected: false, connectedAt: null }]).awaited]).toEqual([3])
  expect(planScaleIn(world([{ ...machine, connected: false }]), plan([])).dismissals.map(({ reason }) => reason)).not.toContain('its worker is in quarantine: builds failed through its fault')
})
