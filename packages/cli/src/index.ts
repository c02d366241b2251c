export { runCommandLine } from './program.js'
export type { Context } from './context.js'
