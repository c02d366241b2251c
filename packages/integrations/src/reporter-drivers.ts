import type { ReporterKind } from '@yardmaster/domain'
import { githubStatusDriver } from './github/status-reporter.js'
import { mailDriver } from './mail/mail.js'
import type { ReporterKindDriver } from './reporter-kind.js'

const drivers: { [kind in ReporterKind]?: ReporterKindDriver } = {
  githubStatus: githubStatusDriver,
  mail: mailDriver,
}

/** Throws for a kind that this version does not have. */
export function reporterDriver(kind: ReporterKind): ReporterKindDriver {
  const driver = drivers[kind]
  if (!driver) throw new Error(`this version of the software has no reporter '${kind}': the configuration was stored by another`)
  return driver
}
