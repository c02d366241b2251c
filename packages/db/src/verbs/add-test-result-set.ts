import { countTests, type TestResultSetArgs } from '@yardmaster/domain'
import { storableJson, storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type NewTestResultSet = { builderId: number; buildId: number; stepId: number; project: string | null; set: TestResultSetArgs }

/** Results of tests as a step has told them, complete at once and in their order. Returns the set's id. */
export async function addTestResultSet(tx: Transaction, { builderId, buildId, stepId, project, set }: NewTestResultSet): Promise<number> {
  const { passed, failed } = countTests(set)
  const description = set.description === null ? null : storableText(set.description)
  const [added] = await tx.query<{ id: number }>(
    `INSERT INTO test_result_sets (builder_id, build_id, step_id, description, category, value_unit, tests_passed, tests_failed)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
    [builderId, buildId, stepId, description, storableText(set.category), storableText(set.valueUnit), passed, failed])
  if (!added) throw new Error(`the test results of step ${stepId} were not written`)
  const results = storableJson(set.results.map(({ name, codePath, line, durationNs, value }) => ({ test_name: name, test_code_path: codePath, line, duration_ns: durationNs, value })))
  await tx.execute(
    `INSERT INTO test_results (set_id, test_name, test_code_path, line, duration_ns, value)
     SELECT $1, r.test_name, r.test_code_path, r.line, r.duration_ns, r.value
     FROM ROWS FROM (jsonb_to_recordset($2::jsonb) AS (test_name text, test_code_path text, line int, duration_ns bigint, value text)) WITH ORDINALITY AS r ORDER BY r.ordinality`,
    [added.id, results])
  const told = { id: added.id, project, parents: { builder: builderId, build: buildId, step: stepId } }
  tx.publish({ type: 'testresultset.new', version: 1, ...told }, { type: 'testresultset.completed', version: 2, ...told })
  return added.id
}
