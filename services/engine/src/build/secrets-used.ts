import type { BuildData } from './build-data.js'

/** As they stand in a configuration's data: `util.secret`, and in an interpolation. */
const NAMED = /"\$secret":"([^"]+)"|%\(secret:([^):]+)/g

/**
 * Names of the secrets that the steps of a build use: what the configuration names, and what custom steps asked for before this process
 * drove the build. After a replay they must be known at once, as steps that are done are not rendered again.
 */
export function secretsUsed({ builder, steps }: Pick<BuildData, 'builder' | 'steps'>): string[] {
  const named = [...JSON.stringify(builder).matchAll(NAMED)].map(([, reference, interpolated]) => reference ?? interpolated!)
  const asked = steps.flatMap(step => step.journal).filter(entry => entry.kind === 'secret').map(entry => String(entry.outcome))
  return [...new Set([...named, ...asked])]
}
