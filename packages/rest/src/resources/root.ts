import { json, text } from '../field.js'
import { resourceType } from '../resource-type.js'

export const rootlinks = resourceType('rootlink', 'rootlinks', { name: text })

/** One path of the API, with the type of what it answers. */
export const specs = resourceType('spec', 'specs', { path: text, type: text, plural: text, type_spec: json })
