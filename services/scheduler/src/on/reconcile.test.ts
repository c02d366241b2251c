import { transaction } from '@yardmaster/db'
import { acceptDeliveries, type NewDelivery } from '@yardmaster/db/verbs/accept-deliveries'
import { finishDelivery } from '@yardmaster/db/verbs/end-delivery'
import type { NewChange } from '@yardmaster/db/verbs/add-change'
import type { Json } from '@yardmaster/domain'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Git } from '../polls/run-git.js'
import { git, pollerWorld, type PollerWorld } from '../testing/poller-world.js'

let world: PollerWorld
let source: Awaited<ReturnType<PollerWorld['aPoller']>>
let deliveries = 0
/** Done while the source reads the commits of which it knows no message. */
let meanwhile: (() => unknown) | null = null
const through: Git = async call => {
  if (call.args[0] === 'log') await meanwhile?.()
  return git(call)
}
beforeEach(async () => {
  world = await pollerWorld()
  world.repository.commit('before')
  // What the source reconciles is told by the hook under another form of the same address.
  source = await world.aPoller({ name: 'reconcile', reconciles: 'github', pollInterval: 600, changeRepository: `file://${world.repository.path}/.git`, project: 'o/hello' }, { through })
  meanwhile = null
  await source.poll()
})
afterEach(() => world?.close())

const head = () => world.repository.git('rev-parse', 'HEAD')
const revisions = async () => (await world.changes()).map(({ revision }) => revision)

function change(revision: string): NewChange {
  return { author: 'Ann', comments: 'by the hook', branch: 'main', revision, repository: `${world.repository.path}.git/`, codebase: '', project: 'o/hello', files: [], properties: {}, whenAt: new Date(0) }
}

/** What GitHub tells of a push of these commits after `before`; of none of them a change (null: later), unless said otherwise. */
async function hook(told: string[], { before, changes = told }: { before: string; changes?: string[] | null }): Promise<boolean> {
  const name = world.repository.path.replace(/^\//, '')
  const payload: Json = { ref: 'refs/heads/main', before, after: told.at(-1) ?? '', commits: told.map(id => ({ id })) }
  const delivery: NewDelivery = {
    source: 'github', key: `d${deliveries += 1}`, hashed: false, event: 'push', repository: name, payload: JSON.stringify(payload), generationId: source.generationId(), note: '',
    changes: changes?.map(change) ?? null, reconciled: true,
  }
  const [isNew] = await transaction(world.db, null, tx => acceptDeliveries(tx, [delivery]))
  return isNew ?? false
}

test('what no message brought becomes a change as the hook would have made it, and its late message no second one', async () => {
  const before = head()
  const lost = world.repository.commit('lost', { 'l.txt': '' })
  await source.poll()
  expect(await world.changes()).toMatchObject([{ revision: lost, branch: 'main', comments: 'lost', files: ['l.txt'], repository: `file://${world.repository.path}/.git`, project: 'o/hello', properties: { event: ['push', 'Change'] } }])
  expect(await hook([lost], { before })).toBe(true)
  expect(await revisions()).toEqual([lost])
  // Pushed again, as after a force push back and forth.
  await hook([lost], { before })
  expect(await revisions()).toEqual([lost, lost])
})

test('what a message brought becomes no second change, nor what it said not to build, nor what is still worked on', async () => {
  const start = head()
  const told = world.repository.commit('told')
  await hook([told], { before: start })
  const skipped = [world.repository.commit('work'), world.repository.commit('[skip ci]')]
  await hook(skipped, { before: told, changes: [] })
  const lost = world.repository.commit('lost')
  const later = world.repository.commit('later')
  await hook([later], { before: lost, changes: null })
  await source.poll()
  expect(await revisions()).toEqual([told, lost])
  const { rows: [{ id } = { id: 0 }] } = await world.db.pool.query<{ id: number }>(`UPDATE deliveries SET attempts = 1 WHERE state = 'pending' RETURNING id`)
  expect(await transaction(world.db, null, tx => finishDelivery(tx, { deliveryId: id, attempt: 1 }, { changes: [change(later)], note: '' }))).toBe(true)
  expect(await revisions()).toEqual([told, lost, later])
  await source.poll()
  expect(await revisions()).toEqual([told, lost, later])
})

test('a message that is still on its way is waited for: what it says not to build is not built', async () => {
  const before = head()
  const skipped = world.repository.commit('[skip ci]')
  world.whenWaiting(async () => { await hook([skipped], { before, changes: [] }) })
  await source.poll()
  expect(await revisions()).toEqual([])
})

test('of a commit that both find at the same moment there is one change', async () => {
  const made: string[] = []
  for (let round = 0; round < 12; round += 1) {
    const before = head()
    const commits = [world.repository.commit(`a${round}`), world.repository.commit(`b${round}`)]
    made.push(...commits)
    const told: Promise<boolean>[] = []
    // Half of them are committed before the source writes, the others about when it does.
    meanwhile = async () => {
      told.push(hook(commits, { before }))
      if (round % 2 === 0) await Promise.all(told)
    }
    await source.poll()
    await Promise.all(told)
  }
  await source.poll()
  const found = await revisions()
  expect(found.toSorted()).toEqual(made.toSorted())
  const { rows } = await world.db.pool.query<{ by_hook: boolean }>('SELECT by_hook FROM told_revisions')
  expect(rows).toHaveLength(made.length)
})
