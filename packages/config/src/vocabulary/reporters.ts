import type { Declared } from './declare.js'

/** Somebody who is told of builds: `reporters.KIND({ … })`. */
export type ReporterDeclaration = Declared<`reporter.${string}`, object>
/** What he is told of, when, and in which words. */
export type GeneratorDeclaration = Declared<`generator.${string}`, object>
