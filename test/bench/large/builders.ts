import { util } from '@yardmaster/config'
import type { BuilderOptions } from '@yardmaster/config'
import { branches } from './branches.js'
import type { Branch } from './branches.js'
import { factories } from './factories.js'
import { fleets, machinesOf } from './machines.js'

/** 160: what is built where; tier 1 must be green before a release. */
type Definition = { name: string; platform: string; factory: (typeof factories)[number]; workers: string[]; tier: 1 | 2 | 3; from: number; label: string }

const DEFINITIONS = 160
/** On old branches only what is released there is built. */
const RETIRED = 4

const definitions: Definition[] = Array.from({ length: DEFINITIONS }, (_, index) => {
  const fleet = fleets[index % fleets.length]!
  const factory = factories[(index * 3) % factories.length]!
  const machines = machinesOf(fleet)
  const mine = machines.filter((_name, place) => place % 2 === index % 2 || machines.length < 7)
  const tier = index % 20 < 6 ? 1 : index % 20 < 13 ? 2 : 3
  return { name: `${fleet.platform} ${factory.name} ${index}`, platform: fleet.platform, factory, workers: mine, tier, from: Math.max(factory.from, index % RETIRED === 0 ? 11 : 0), label: `${fleet.os}-${fleet.arch}` }
})

export type Built = { definition: Definition; branch: Branch; name: string }

export const built: Built[] = branches.flatMap(branch => definitions
  .filter(definition => branch.minor >= definition.from)
  .map(definition => ({ definition, branch, name: `${definition.name} ${branch.name}` })))

const heavy = util.workerLock('heavy', { maxCount: 1 })

export const allBuilders: BuilderOptions[] = built.map(({ definition, branch, name }) => ({
  name, workers: definition.workers, tags: [branch.name, definition.platform, `tier-${definition.tier}`, ...(definition.factory.slow ? ['slow'] : ['stable'])],
  description: `${definition.factory.name} on ${definition.platform}`, project: 'interpreter',
  properties: { branch_name: branch.name, test_options: branch.minor > 12 ? '--pgo-extended' : '' },
  canStartBuild: (worker, request) => worker.building.length < 3 || request.priority > 10,
  locks: definition.factory.slow ? [heavy.access('exclusive')] : [],
  steps: definition.factory.make(branch),
}))
