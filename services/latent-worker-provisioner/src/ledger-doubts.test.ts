import { transaction } from '@yardmaster/db'
import { condemnInstance } from '@yardmaster/db/verbs/condemn-instance'
import { readOpenInstances } from '@yardmaster/db/verbs/read-ledger'
import { readRefusals } from '@yardmaster/db/verbs/read-refusals'
import { ProviderError } from '@yardmaster/providers'
import type { LoadedGeneration } from '@yardmaster/replica'
import { systemClock } from '@yardmaster/runtime'
import PQueue from 'p-queue'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bringGeneration } from '../../../test/kit/installation.js'
import { until } from '../../../test/kit/until.js'
import { judgeInstances } from './do/judge-instances.js'
import type { Account } from './providers/registry.js'
import { Cloud } from './testing/cloud.js'
import { LedgerWorld, type LedgerRow, type TestProvisioner } from './testing/ledger-world.js'

const clock = systemClock()
let world: LedgerWorld
let provisioner: TestProvisioner
beforeEach(async () => {
  world = await LedgerWorld.start()
  provisioner = await world.provisioner()
})
afterEach(() => world.close())

const one = async () => (await world.ledger())[0]!
const row = (what: string, holds: (row: LedgerRow) => boolean) => until(what, async () => { const found = await one(); return holds(found) && found })
async function condemn(id: number): Promise<void> {
  await transaction(world.installation.db, null, tx => condemnInstance(tx, { instanceId: id, reason: 'test', building: 'leave' }))
  provisioner.deps.advance()
}
const alerts = async () => (await world.rows<{ alert: string | null }>('SELECT alert FROM worker_pools')).map(({ alert }) => alert)
const unauthorized = (times: number) => ({ error: new ProviderError('Authentication failed', { failureClass: 'alert', code: 'AUTHENTICATION_FAILED' }), times })

/** Another configuration is active, with other credentials; those of the first let nobody in any more. */
async function rotateCredentials(): Promise<Cloud> {
  const { id } = await bringGeneration(world.installation.db, world.installation.configuration, 'second')
  const { deps } = provisioner
  const loaded = { ...deps.generations.active()!, id } satisfies LoadedGeneration
  const revoked = new Cloud()
  for (const call of ['create', 'list', 'get', 'remove'] as const) revoked.fail({ call, ...unauthorized(1_000) })
  const accountOf = (key: string, provider: Cloud): Account => ({ key, kind: 'custom', provider, queue: new PQueue({ concurrency: 8 }) })
  const [before, now] = [accountOf('revoked', revoked), accountOf('valid', world.cloud)]
  deps.generations.active = () => loaded
  deps.providers.of = generationId => Promise.resolve(generationId === id ? now : before)
  return revoked
}

test('how a removal fails says nothing of what machines can be made of', async () => {
  const [id] = await world.want('p-1')
  await row('a machine', found => found.external_id !== null)
  world.cloud.fail({ call: 'remove', error: new ProviderError('the function answered with nothing', { failureClass: 'configuration' }), times: 2 })
  await condemn(id!)
  expect(await row('a failure', found => found.failure !== null)).toMatchObject({ gone: false, failure_class: null })
  expect(await readRefusals(world.installation.db, world.installation.generationId)).toEqual([])
  await row('it to be gone', found => found.gone)
})

test('credentials that the configuration does not have any more do not stop its pool', async () => {
  await world.want('p-1')
  await row('a machine', found => found.external_id !== null)
  const revoked = await rotateCredentials()
  await world.rows(`UPDATE instances SET external_id = NULL, operation = NULL`)
  provisioner.deps.advance()
  expect(await row('a refusal', found => found.desired === 'gone')).toMatchObject({ failure_class: 'alert' })
  await provisioner.observe()
  await until('both accounts to be looked at', () => provisioner.lines.some(line => line.includes('could not be looked at')))
  // What is written of it is written before this.
  await provisioner.deps.write(async () => {})
  expect(revoked.requests).toHaveLength(1)
  expect(await alerts()).toEqual([null])
  await world.rows('UPDATE configuration_sets SET active_generation_id = $1', [world.installation.generationId])
  await world.want('p-2')
  expect(await until('the refusal of those that it has', async () => (await alerts())[0])).toContain('AUTHENTICATION_FAILED')
})

test('a machine whose credentials let nobody in any more is removed by those that see it', async () => {
  const [id] = await world.want('p-1')
  await row('a machine', found => found.external_id !== null)
  await rotateCredentials()
  await condemn(id!)
  await until('it to be gone', async () => { await provisioner.observe(); return world.cloud.machines.size === 0 })
  expect(await row('the row to be over', found => found.gone)).toMatchObject({ end_reason: 'test', attempt: 1 })
  expect(await world.ledger()).toHaveLength(1)
})

test('a machine whose worker has come is there, though no list has it: it is neither given up nor replaced', async () => {
  world.cloud.fail({ call: 'create', done: true })
  world.cloud.unlisted.add('m1')
  const [id] = await world.want('p-1')
  await row('doubt', found => found.unsure)
  await world.rows('UPDATE instances SET connected_at = now()')
  await clock.sleep(500)
  await provisioner.look()
  await world.rows(`UPDATE instances SET unsure_since = now() - interval '11 minutes'`)
  await provisioner.judge()
  await provisioner.look()
  expect(await one()).toMatchObject({ desired: 'running', gone: false, holds_slot: true, unsure: true })
  world.cloud.unlisted.clear()
  await provisioner.look()
  expect(await one()).toMatchObject({ external_id: 'm1', desired: 'running', unsure: false })
  await condemn(id!)
  await row('it to be gone', found => found.gone)
})

test('what a replica begins without its knowing is given back, also when another has the duty by then', async () => {
  const { deps } = provisioner
  const { write } = deps
  let lost = false
  deps.write = async work => {
    const result = await write(work)
    if (lost) return result
    lost = true
    provisioner.dismiss()
    throw new Error('the COMMIT went through, its answer was lost')
  }
  await world.want('p-1')
  await until('it to be begun', () => lost)
  const successor = await world.provisioner()
  expect(await row('it to be given back', found => found.operation === null)).toMatchObject({ unsure: true, desired: 'running' })
  await until('it to be given up', async () => { await successor.look(); return (await one()).gone })
  expect(world.cloud.requests).toEqual([])
})

test('one machine that cannot be looked at keeps nobody from looking at the others', async () => {
  await world.want('p-1')
  const { external_id: first } = await row('a machine', found => found.external_id !== null)
  world.cloud.unlisted.add(first!)
  world.cloud.fail({ call: 'get', error: new ProviderError('does not carry our labels any more', { failureClass: 'alert' }), times: 1_000 })
  world.cloud.fail({ call: 'create', done: false })
  await world.want('p-2')
  await until('doubt', async () => (await world.ledger())[1]!.unsure)
  await clock.sleep(500)
  expect(await provisioner.look()).toContain('does not carry our labels')
  expect(await world.ledger()).toMatchObject([{ desired: 'running', gone: false }, { gone: true }])
  expect(await alerts()).toEqual([null])
})

test('a machine whose label somebody has made up, and that cannot be written down, keeps nobody from clearing up the rest', async () => {
  const odd = world.cloud.put({ installation: world.id, worker: 'p-1', attempt: 99_999_999_999 })
  const stray = world.cloud.put({ installation: world.id, worker: 'p-2', attempt: 7 })
  let told: string | null = null
  await until('the other to be removed', async () => { told = await provisioner.look() ?? told; return !world.cloud.machines.has(stray.id) })
  expect(told).toContain(`${odd.id} cannot be written down: `)
})

test('what was seen once, before the account fell silent, ends nothing', async () => {
  await world.want('p-1')
  await row('a machine', found => found.external_id !== null)
  await world.rows(`UPDATE instances SET observed = 'stopped', observed_at = now() - interval '1 minute'`)
  const judged = async (answeredAt: number | null) => {
    await judgeInstances(provisioner.deps, await readOpenInstances(world.installation.db, 'main'), () => answeredAt)
    return (await one()).desired
  }
  expect(await judged(null)).toBe('running')
  expect(await judged(clock.monotonic() - 120_000)).toBe('running')
  expect(await judged(clock.monotonic() - 40_000)).toBe('gone')
})

test('where nobody was asked nothing can turn up: an account that cannot be opened leaves nothing open', async () => {
  provisioner.deps.providers.of = () => Promise.reject(new ProviderError("pool p: its account: there is no secret named 'upcloud'", { failureClass: 'alert' }))
  await world.want('p-1')
  expect(await row('it to be over', found => found.gone)).toMatchObject({ failure_class: 'alert', holds_slot: false, end_reason: expect.stringContaining('no secret') })
})

test('secrets that a provider quotes are in no row and no log', async () => {
  world.pool.provider.machine['token'] = { $secret: 'token' }
  provisioner.deps.secrets.get = () => 'ucat_VERY_SECRET'
  world.cloud.fail({ call: 'create', error: new ProviderError('user_data is wrong: TOKEN=ucat_VERY_SECRET', { failureClass: 'configuration' }) })
  await world.want('p-1')
  expect(await row('a refusal', found => found.failure !== null)).toMatchObject({ failure: 'user_data is wrong: TOKEN=***' })
  expect(provisioner.lines.join('')).not.toContain('VERY_SECRET')
})

test('what nobody wants is removed by provisioners that live for less than the time of grace, too: its age is not theirs', async () => {
  const stray = world.cloud.put({ installation: world.id, worker: 'p-2', attempt: 7 })
  world.cloud.leftovers.set('disk', { id: 'disk', kind: 'storage', label: { installation: world.id, worker: 'p-1', attempt: 9 }, createdAt: null })
  await provisioner.look()
  expect([world.cloud.machines.has(stray.id), world.cloud.leftovers.size, await world.ledger()]).toEqual([true, 1, []])
  await world.rows("UPDATE sightings SET first_at = now() - interval '1 hour'")
  const next = await world.provisioner()
  await next.look()
  expect(world.cloud.leftovers.size).toBe(0)
  expect(await world.ledger()).toMatchObject([{ worker: 'p-2', desired: 'gone', external_id: stray.id }])
  await until('what is gone to be forgotten', async () => { await next.look(); return (await world.rows('SELECT 1 FROM sightings')).length === 0 })
})
