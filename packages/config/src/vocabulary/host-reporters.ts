import type { Declared } from './declare.js'

/** Reporters of code hosts. */
export type HostReporterDeclaration = Declared<'reporter.githubStatus', object>

export const hostReporters = {}
