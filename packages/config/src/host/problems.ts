/** One thing that is wrong with a configuration. */
export type ConfigurationProblem = {
  /** Relative to the current folder when the configuration was given so. */
  file: string
  /** From 1. */
  line?: number
  column?: number
  /** Where in the configuration, e.g. `builders[1].steps[0].timeout`; '' for the whole. */
  path: string
  expected: string
  found: string
  /** The right name that is nearest to a wrong one. */
  nearest?: string
  /** The whole problem in a sentence. */
  message: string
}

/** The problems as lines for a terminal or a log. */
export function formatProblems(problems: readonly ConfigurationProblem[], kind: 'problem' | 'warning' = 'problem'): string {
  const blocks = problems.map(problem => {
    const place = [problem.file, problem.line, problem.column].filter(part => part !== undefined).join(':')
    return `${place}${problem.path ? `  ${problem.path}` : ''}\n    ${problem.message.replaceAll('\n', '\n    ')}`
  })
  const count = problems.length === 1 ? `1 ${kind}` : `${problems.length} ${kind}s`
  return [...blocks, `${count} in the configuration.`].join('\n')
}
