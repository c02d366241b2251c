import type { Bus } from '@yardmaster/bus'
import type { Database } from '@yardmaster/db'
import type { Configuration } from '@yardmaster/domain'
import type { Clock, Logger, Random, Secrets, Settings } from '@yardmaster/runtime'

export type ActiveGeneration = { id: number; configuration: Configuration }

/** What ui-api is made of. */
export type Deps = {
  db: Database
  events: Pick<Bus, 'subscribeEvents'>
  /** Null until the first configuration was brought. */
  activeGeneration(): ActiveGeneration | null
  /** Of every configuration set, the own one first. */
  activeGenerations(): ActiveGeneration[]
  secrets: Secrets
  logger: Logger
  clock: Clock
  random: Random
  settings: Pick<Settings, 'baseUrl'>
  version: string
  /** Where the built web page is. */
  webFolder: string
}
