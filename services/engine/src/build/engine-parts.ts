import type { Database, GroupCommit, IdBlock } from '@yardmaster/db'
import type { Clock, Logger, Random, Secrets } from '@yardmaster/runtime'
import type { ChildBuildsets } from './child-buildsets.js'
import type { LockWaits } from './lock-waits.js'
import type { Pressure } from './pressure.js'

/** What driving a build needs of the engine. */
export type EngineParts = {
  db: Database
  commit: GroupCommit
  pressure: Pressure
  logIds: IdBlock
  artifactIds: IdBlock
  children: ChildBuildsets
  locks: LockWaits
  secrets: Secrets
  installation: string
  /** Of the web page, ending in a slash. */
  baseUrl: string
  clock: Clock
  random: Random
  logger: Logger
}
