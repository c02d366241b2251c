import type { Database, GroupCommit, IdBlock } from '@yardmaster/db'
import type { Clock, Logger, Random, Secrets } from '@yardmaster/runtime'
import type { Pressure } from './pressure.js'

/** What driving a build needs of the engine. */
export type EngineParts = {
  db: Database
  commit: GroupCommit
  pressure: Pressure
  logIds: IdBlock
  secrets: Secrets
  installation: string
  clock: Clock
  random: Random
  logger: Logger
}
