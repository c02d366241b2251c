import { transaction } from '@yardmaster/db'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { LedgerWorld } from '../testing/ledger-world.js'
import { tellWhatStays } from './tell-what-stays.js'

let world: LedgerWorld
beforeEach(async () => { world = await LedgerWorld.start() })
afterEach(() => world.close())

test('the last provisioner says which machines stay when it stops; one that leaves another behind says nothing', async () => {
  const { deps, lines } = await world.provisioner()
  const told = async () => {
    await tellWhatStays(deps)
    return lines.flatMap(line => { const { msg, pool, machines } = JSON.parse(line) as { msg: string; pool?: string; machines?: number }; return msg.startsWith('machines stay') ? [{ pool, machines }] : [] })
  }
  expect(await told()).toEqual([])
  await world.want('p-1')
  await until('a machine', async () => (await world.ledger())[0]!.external_id !== null)
  expect(await told()).toEqual([{ pool: 'p', machines: 1 }])
  lines.length = 0
  await transaction(world.installation.db, null, tx => registerReplica(tx, { role: 'latent-worker-provisioner', name: 'q', host: 'h', pid: 3, softwareVersion: '0', sets: ['main'] }))
  expect(await told()).toEqual([])
})
