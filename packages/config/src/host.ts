/** For services and the command line: bundling, checking and running a configuration. */
export { bundleConfiguration } from './host/bundle.js'
export type { Bundle } from './host/bundle.js'
export { checkConfiguration } from './host/check.js'
export type { CheckOptions, CheckOutcome } from './host/check.js'
export { formatProblems } from './host/problems.js'
export type { ConfigurationProblem } from './host/problems.js'
