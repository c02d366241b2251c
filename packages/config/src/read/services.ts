import type { ReporterConfig } from '@yardmaster/domain'
import { byKind } from './reader.js'
import type { Reader } from './reader.js'

export type Service = { reporter: ReporterConfig }

/** One of `services`. */
export const service: Reader<Service> = byKind<Service>({}, 'a reporter: reporters.mail(…) and so on')
