import type { Declared } from './declare.js'

/** Reporters that people read: mail and chat. */
export type ChatReporterDeclaration = Declared<'reporter.mail', object>

export const chatReporters = {}
