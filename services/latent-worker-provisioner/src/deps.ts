import type { Replica } from '@yardmaster/replica'
import type { Providers } from './providers/registry.js'
import type { WriteLedger } from './write-ledger.js'

/** What every loop of the provisioner works with. */
export type Provisioning = Pick<Replica, 'db' | 'clock' | 'random' | 'logger' | 'generations' | 'secrets' | 'installation' | 'settings' | 'registry'> & {
  write: WriteLedger
  /** Id of this replica: operations under way in the ledger name it. */
  replicaId: number
  /** Name of its set of configuration: the pools of others are another provisioner's. */
  set: string
  providers: Providers
  /** Whether this replica is the one that provides machines now. Its writes are guarded all the same. */
  holdsDuty(): Promise<boolean>
  /** There is something new in the ledger: looked at now, without the way over the bus. */
  advance(): void
  /** There may be something to look at outside. */
  observe(): void
}
