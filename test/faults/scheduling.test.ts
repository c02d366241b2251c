import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords } from '../kit/cluster.js'
import { schedulingPlan } from './scheduling/plan.js'
import { runScheduling } from './scheduling/run.js'
import { startWorld, type World } from './scheduling/world.js'

const EVERYTHING = 1_000
const seed = Number(process.env['YARD_FAULT_SEED'] ?? 7)
const long = process.env['YARD_TEST_LONG'] === '1'
const plan = schedulingPlan({ seed, long })

let world: World
beforeAll(async () => { world = await startWorld(plan) })
afterAll(() => world?.stop())

test(`under the faults of seed ${seed}, what was accepted is built once, statuses come to the truth, and no mail comes twice`, async () => {
  process.stderr.write(`YARD_FAULT_SEED=${seed}${long ? ' YARD_TEST_LONG=1' : ''}\n`)
  onTestFailed(() => { process.stderr.write(`${lastWords(world.cluster, EVERYTHING)}\nYARD_FAULT_SEED=${seed}${long ? ' YARD_TEST_LONG=1' : ''}\n`) })
  const { violations, ...outcome } = await runScheduling(world)
  process.stderr.write(`schedulers, seed ${seed}: ${JSON.stringify(outcome)}\n`)
  expect(violations).toEqual({})
}, long ? 1_800_000 : 500_000)
