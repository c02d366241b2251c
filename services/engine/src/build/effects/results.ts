import type { Fact } from '@yardmaster/db'
import type { StepEffectArgs, TestResultSetArgs } from '@yardmaster/domain'
import type { StepContext } from '../step-context.js'

/** Texts are masked, as in logs; bytes are as the step has them. */
export function buildDataSet({ run }: StepContext, { name, value, encoding, source }: StepEffectArgs['buildData']): Fact {
  return { kind: 'build-data-set', name, content: encoding === 'utf8' ? Buffer.from(run.mask.text(value)) : Buffer.from(value, 'base64'), source: run.mask.text(source) }
}

export function testsTold({ run, data }: StepContext, set: StepEffectArgs['testResultSet']): Fact {
  return { kind: 'tests-told', step: { id: data.id, number: data.number }, set: run.mask.json(set) as TestResultSetArgs }
}
