import type { Bus } from '@yardmaster/bus'
import type { Database } from '@yardmaster/db'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Clock, Logger, Random, Secrets, Settings } from '@yardmaster/runtime'
import type { Access } from './access/access.js'

/** With the threads that run its functions. */
export type ActiveGeneration = Pick<LoadedGeneration, 'id' | 'configuration'> & { threads: Pick<LoadedGeneration['threads'], 'call' | 'callPatiently'> }

/** What ui-api is made of. */
export type Deps = {
  db: Database
  events: Pick<Bus, 'subscribeEvents' | 'history' | 'ask' | 'answer'>
  /** Null until the first configuration was brought. */
  activeGeneration(): ActiveGeneration | null
  /** Of every configuration set, the own one first. */
  activeGenerations(): ActiveGeneration[]
  access: Access
  secrets: Secrets
  logger: Logger
  clock: Clock
  random: Random
  settings: Pick<Settings, 'baseUrl' | 'config' | 'trustedProxies' | 'dbConnections'>
  version: string
  /** Refuse to send what is not declared: tests do. */
  checkAnswers?: boolean
  /** Where the built web page is. */
  webFolder: string
}
