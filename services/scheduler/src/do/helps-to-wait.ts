import { isContended, isUnavailable } from '@yardmaster/db'
import { ReplicaBuried } from '@yardmaster/runtime'

/** Whether it is not the work's fault: the database is away, others are in the way, or this replica is no more. */
export const helpsToWait = (error: unknown): boolean => error instanceof ReplicaBuried || isUnavailable(error) || isContended(error)
