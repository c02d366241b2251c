import { releaseRequest } from '@yardmaster/db/verbs/release-request'
import type { Control } from './control.js'

/** One that is not held stays as it is. */
export const releaseHeldRequest: Control = async (tx, { id }) => {
  await releaseRequest(tx, id)
  return null
}
