import type { BuildView, Json } from '@yardmaster/domain'
import type { RenderInput } from '../vocabulary/values.js'

/** The build as a renderer sees it: property values without their sources. */
export function renderInput(view: BuildView): RenderInput {
  const properties = Object.fromEntries(Object.entries(view.properties).map(([name, [value]]) => [name, value]))
  return {
    properties,
    sourcestamps: view.sourcestamps,
    build: view.build,
    property: (name: string, otherwise: Json = null) => (Object.hasOwn(properties, name) ? properties[name] ?? null : otherwise),
  }
}
