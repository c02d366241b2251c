import { testResults as resultType, testResultSets as setType, type TestResult, type TestResultSet } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { buildId, builderId, numberIn, stepId } from './places.js'
import { raw, sql } from './sql.js'
import { column, flag, indexedWithId, rare, type StoredResource } from './stored-resource.js'

export const testResultSets: StoredResource<TestResultSet> = {
  type: setType,
  from: raw('test_result_sets t'),
  id: raw('t.id'),
  grows: 'test_result_sets',
  columns: {
    test_result_setid: rare(column('t.id'), 'range'),
    builderid: indexedWithId(column('t.builder_id')),
    buildid: { ...indexedWithId(column('t.build_id')), few: true },
    stepid: { ...indexedWithId(column('t.step_id')), few: true },
    description: column('t.description', { nullable: true }),
    category: column('t.category'),
    value_unit: column('t.value_unit'),
    tests_passed: column('t.tests_passed', { nullable: true }),
    tests_failed: column('t.tests_failed', { nullable: true }),
    complete: flag({ yes: 't.complete', no: 'NOT t.complete' }),
  },
}

const testResults: StoredResource<TestResult> = {
  type: resultType,
  from: raw('test_results r JOIN test_result_sets t ON t.id = r.set_id'),
  id: raw('r.id'),
  columns: {
    test_resultid: column('r.id'),
    builderid: column('t.builder_id'),
    test_result_setid: column('r.set_id'),
    test_name: column('r.test_name', { nullable: true }),
    test_code_path: column('r.test_code_path', { nullable: true }),
    line: column('r.line', { nullable: true }),
    duration_ns: column('r.duration_ns', { nullable: true }),
    value: column('r.value'),
  },
}

export const testResultEndpoints: Endpoint[] = [
  collection(testResultSets, '/test_result_sets'),
  single(testResultSets, '/test_result_sets/:setid', params => [sql`t.id = ${numberIn(params, 'setid')}`]),
  collection(testResultSets, '/builders/:builder/test_result_sets', params => [sql`t.builder_id = ${builderId(params)}`]),
  collection(testResultSets, '/builds/:buildid/test_result_sets', params => [sql`t.build_id = ${buildId(params)}`], { few: true }),
  collection(testResultSets, '/steps/:stepid/test_result_sets', params => [sql`t.step_id = ${stepId(params)}`], { few: true }),
  collection(testResults, '/test_result_sets/:setid/results', params => [sql`r.set_id = ${numberIn(params, 'setid')}`]),
]
