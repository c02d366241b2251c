import type { ReporterKindReader } from './reporter-kind.js'

export const hostReporterKinds: { [kind: string]: ReporterKindReader } = {}
