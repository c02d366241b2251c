export { startReplica, type Replica, type ReplicaOptions, type Role } from './start-replica.js'
export type { Generations, LoadedGeneration } from './generations.js'
export { ThreadReplaced } from '@yardmaster/config/host'
