import { integer, list, nullable, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

export const builders = resourceType('builder', 'builders', {
  builderid: integer,
  name: text,
  /** Empty: no configuration names it any more. */
  masterids: list(integer),
  description: nullable(text),
  description_format: nullable(text),
  description_html: nullable(text),
  projectid: nullable(integer),
  tags: list(text),
})
export type Builder = ResourceOf<typeof builders>
