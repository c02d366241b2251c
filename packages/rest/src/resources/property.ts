import { json, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

/** One property as `property_list` answers it: the value is JSON text. */
export const propertyList = resourceType('_property', '_properties', { name: text, source: text, value: { ...text, spec: json.spec } })
export type ListedProperty = ResourceOf<typeof propertyList>
