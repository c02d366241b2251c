import type { ReporterKindReader } from './reporter-kind.js'

export const chatReporterKinds: { [kind: string]: ReporterKindReader } = {}
