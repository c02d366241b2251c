import { boolean, integer, text, time } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

/** One replica of any role; Buildbot's clients know it as a master. */
export const masters = resourceType('master', 'masters', { masterid: integer, name: text, active: boolean, last_active: time })
export type Master = ResourceOf<typeof masters>
