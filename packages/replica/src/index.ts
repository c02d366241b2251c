export type { Replica, Role } from './replica.js'
export { startReplica, type ReplicaOptions } from './start-replica.js'
export type { Generations, LoadedGeneration } from './generations.js'
export { ThreadReplaced } from '@yardmaster/config/host'
