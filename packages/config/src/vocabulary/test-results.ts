/** One test, or one thing measured. */
export type TestResultOptions = {
  name?: string
  /** The file that it is in, and the line. */
  codePath?: string
  line?: number
  /** Seconds. */
  duration?: number
  /** True: it passed. */
  value: string | number | boolean
}

export type TestResultSetOptions = {
  description?: string
  /** `pass_fail` unless said otherwise; or `pass_only`, `fail_only`, `code_issue`, `performance`, `binary_size`, `memory_use`… */
  category?: string
  /** `boolean` unless said otherwise; or `s`, `bytes`… */
  valueUnit?: string
  /** At most 50,000. */
  results: readonly TestResultOptions[]
}
