export * from './process-tree.js'
export type { Mark, ProcessEntry, ProcessIdentity } from './processes.js'
export { processes } from './this-system.js'
