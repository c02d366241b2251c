import { RETRY, SUCCESS } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { expect } from 'vitest'
import { allBuilt, force } from '../../kit/latent-story.js'
import { until } from '../../kit/until.js'
import type { Run, Strike } from './plan.js'
import { inventory, isOurs, type World } from './world.js'

const clock = systemClock()
const BUILT_MS = 240_000
const GONE_MS = 120_000
const BETWEEN_STRIKES_MS = 15_000
/** A build may lose its machine when the machine is lost, and never because it was thought idle. */
const LOST = /^(the machine |machine lost|its worker did not connect again|worker lost|connection lost)/

/** One run in one lane: everything is asked for, struck, and seen to its end. */
export async function oneRun(world: World, lane: string, run: Run): Promise<void> {
  const { cluster, cloud } = world
  for (const fault of run.faults) cloud.addFault(fault)
  const striking = strike(world, run.strike)
  const requests = await force(cluster, lane, { times: run.builds, values: { seconds: String(run.buildSeconds) } })
  if (run.deletesMachine) await deleteMachine(world, lane)
  await allBuilt(cluster, requests, BUILT_MS)
  await striking
  const builds = await cluster.rows<{ results: number; state_string: string; request: number }>('SELECT results, state_string, build_request_id AS request FROM builds WHERE build_request_id = ANY($1) ORDER BY id', [requests])
  expect(builds.filter(({ results }) => results === SUCCESS).map(({ request }) => request).sort((a, b) => a - b)).toEqual([...requests].sort((a, b) => a - b))
  for (const { results, state_string: told } of builds) if (results !== SUCCESS) expect({ results, told }).toEqual({ results: RETRY, told: expect.stringMatching(LOST) })
  await until(`${lane}: the ledger to have nothing open`, async () => (await cluster.rows(
    'SELECT 1 FROM instances i JOIN worker_pools p ON p.id = i.pool_id WHERE p.name = $1 AND (i.gone_at IS NULL OR i.holds_slot)', [lane])).length === 0, GONE_MS)
  // What the lists have not shown yet turns up later, and goes.
  await until(`${lane}: nothing to be left at the provider: ${inventory(world).ours(lane).join(', ')}`, () => inventory(world).ours(lane).length === 0, GONE_MS)
}

async function strike(world: World, what: Strike): Promise<void> {
  const { cluster: { provisioners, provisionerProxies } } = world
  // Lanes share their provisioners, and what strikes them: one that dies more often than its predecessor is buried gets nothing done.
  if (what === null || clock.monotonic() < world.nextStrikeAt) return
  world.nextStrikeAt = clock.monotonic() + BETWEEN_STRIKES_MS
  if (what.at === 'time') {
    await clock.sleep(what.afterMs)
    await Promise.all(provisioners.filter((_, at) => what.who === 'both' || what.who === at).map(provisioner => provisioner.kill()))
    return
  }
  for (const [at, proxy] of provisionerProxies.entries()) {
    proxy.at(what.point, () => {
      void provisioners[at]!.kill()
      if (what.otherAfterMs !== null) clock.setTimeout(() => void provisioners[1 - at]!.kill(), what.otherAfterMs)
    })
  }
}

async function deleteMachine({ cloud, installation, deletedByHand }: World, lane: string): Promise<void> {
  const server = await until(`a machine of ${lane}`, () => cloud.state().servers.find(server => isOurs(server, installation) && server.title.startsWith(`yard-${lane}-`))).catch(() => null)
  if (!server) return
  deletedByHand.add(server.uuid)
  cloud.deleteServer(server.uuid, false)
}
