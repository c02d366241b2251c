import { transaction } from '@yardmaster/db'
import { openSession } from '@yardmaster/db/verbs/open-session'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { afterEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aWorker, bringGeneration, type Installation } from '../../../../test/kit/installation.js'

let world: Installation
afterEach(() => world.close())

async function serving(): Promise<string[]> {
  const { rows } = await world.db.pool.query<{ pair: string }>(
    `SELECT b.name || '>' || w.name AS pair FROM builder_workers g JOIN builders b ON b.id = g.builder_id JOIN workers w ON w.id = g.worker_id ORDER BY b.name, w.name`)
  return rows.map(row => row.pair)
}

const linux = aBuilder('linux', { workers: ['named'], workerLabels: { os: ['linux'] } })
const gpu = aBuilder('gpu', { workers: [], workerLabels: { os: ['linux', 'windows'], gpu: ['a100', 'h100'] } })
const workers = [aWorker('named'), aWorker('box', { labels: { os: 'linux' } }), aWorker('card', { labels: { gpu: 'h100' } })]

test('workers serve by name, by configured labels, and by what they report when they connect', async () => {
  world = await anInstallation(aConfiguration({ workers, builders: [linux, gpu] }))
  expect(await serving()).toEqual(['linux>box', 'linux>named'])
  const replicaId = await transaction(world.db, null, tx => registerReplica(tx, { role: 'engine', name: 'e', host: 'h', pid: 1, softwareVersion: '0' }))
  const connect = async (name: string, labels: { [label: string]: string }) => {
    const { rows: [worker] } = await world.db.pool.query<{ id: number }>('SELECT id FROM workers WHERE name = $1', [name])
    await transaction(world.db, { replicaId }, tx => openSession(tx, { workerId: worker!.id, replicaId, processId: 'p', info: {}, labels }))
  }
  await connect('card', { os: 'windows', gpu: 'none' })
  expect(await serving()).toEqual(['gpu>card', 'linux>box', 'linux>named'])
  await connect('named', { os: 'linux', gpu: 'a100' })
  await connect('box', { os: 'macos', gpu: 'a100' })
  expect(await serving()).toEqual(['gpu>box', 'gpu>card', 'gpu>named', 'linux>box', 'linux>named'])
  await connect('named', {})
  await connect('card', { os: 'macos' })
  expect(await serving()).toEqual(['gpu>box', 'linux>box', 'linux>named'])
})

test('a configuration that says other labels', async () => {
  world = await anInstallation(aConfiguration({ workers, builders: [linux, gpu] }))
  await bringGeneration(world.db, aConfiguration({ workers: workers.slice(1), builders: [aBuilder('linux', { workers: ['card'], workerLabels: { os: ['linux'] } }), aBuilder('gpu', { workers: ['box'] })] }), 'second')
  expect(await serving()).toEqual(['gpu>box', 'linux>box', 'linux>card'])
})
