import { systemRandom } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords } from '../kit/cluster.js'
import { stockWorkerProgram } from '../kit/stock-worker.js'
import { planOf } from './campaign/plan.js'
import { runCampaign, startCampaign, type Campaign } from './campaign/run.js'

const EVERYTHING = 1_000
const long = process.env['YARD_TEST_LONG'] === '1'
// Always the same faults where a change is judged; chance looks for new ones in the long form.
const seed = Number(process.env['YARD_FAULT_SEED'] ?? (long ? Math.floor(systemRandom().float() * 2 ** 31) : 3987677))
// Where Buildbot's worker is not installed there are only our own.
const options = { long, stock: stockWorkerProgram !== null }
const plan = planOf({ ...options, seed })

let campaign: Campaign
beforeAll(async () => { campaign = await startCampaign(plan) })
afterAll(() => campaign?.stop())

test(`what was promised holds under the faults of seed ${seed}`, async () => {
  process.stderr.write(`YARD_FAULT_SEED=${seed}${long ? ' YARD_TEST_LONG=1' : ''}\n`)
  onTestFailed(() => { process.stderr.write(`${lastWords(campaign.cluster, EVERYTHING)}\n${campaign.diary.join('\n')}\nYARD_FAULT_SEED=${seed}${long ? ' YARD_TEST_LONG=1' : ''}\n`) })
  const { violations, ...outcome } = await runCampaign(campaign)
  process.stderr.write(`seed ${seed}: ${JSON.stringify(outcome)}\n`)
  expect(violations).toEqual({})
}, long ? 1_800_000 : 900_000)

test('the same seed is the same campaign', () => {
  expect(planOf({ ...options, seed })).toEqual(plan)
  expect(planOf({ ...options, seed: seed + 1 })).not.toEqual({ ...plan, seed: seed + 1 })
})
