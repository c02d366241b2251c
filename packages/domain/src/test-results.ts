/** Results of tests of one kind: Buildbot's test result set. */
export type TestResultSetArgs = {
  description: string | null
  /** `pass_fail`, `pass_only`, `fail_only`, `code_issue`, `performance`, `binary_size`, `memory_use`… */
  category: string
  /** Of the values, e.g. `boolean`, `s`, `bytes`. */
  valueUnit: string
  results: TestResultArgs[]
}

export type TestResultArgs = { name: string | null; codePath: string | null; line: number | null; durationNs: number | null; value: string }

/** How many of the set's tests have passed and failed, as far as its category tells. */
export function countTests({ category, valueUnit, results }: TestResultSetArgs): { passed: number; failed: number } {
  const all = results.length
  if (category === 'pass_only') return { passed: all, failed: 0 }
  if (category === 'fail_only' || category === 'code_issue') return { passed: 0, failed: all }
  if (category !== 'pass_fail' || valueUnit !== 'boolean') return { passed: 0, failed: 0 }
  const passed = results.filter(({ value }) => Number(value) !== 0 && !Number.isNaN(Number(value))).length
  return { passed, failed: all - passed }
}
