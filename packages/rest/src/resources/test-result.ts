import { boolean, integer, nullable, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

export const testResultSets = resourceType('test_result_set', 'test_result_sets', {
  test_result_setid: integer,
  builderid: integer,
  buildid: integer,
  stepid: integer,
  description: nullable(text),
  category: text,
  value_unit: text,
  tests_passed: nullable(integer),
  tests_failed: nullable(integer),
  complete: boolean,
})
export type TestResultSet = ResourceOf<typeof testResultSets>

export const testResults = resourceType('test_result', 'test_results', {
  test_resultid: integer,
  builderid: integer,
  test_result_setid: integer,
  test_name: nullable(text),
  test_code_path: nullable(text),
  line: nullable(integer),
  duration_ns: nullable(integer),
  value: text,
})
export type TestResult = ResourceOf<typeof testResults>
