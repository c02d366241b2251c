import { isDeepStrictEqual } from 'node:util'
import type { PoolConfig, PoolMachine } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import { failureOf } from '../do/failures.js'

/**
 * Machines whose pool was of another provider, account or options in the generation that they are of. Told once of each generation: machines live through many, and only some
 * are kept loaded. Of one that cannot be read nothing is said: its machines stay.
 */
export function createOutdated({ generations, logger }: Provisioning): (machines: readonly PoolMachine[], configs: ReadonlyMap<number, PoolConfig | null>, active: number) => Promise<Set<number>> {
  let known = new Map<string, boolean>()
  let of = 0
  const differs = async (generationId: number, config: PoolConfig): Promise<boolean> => {
    const key = `${generationId}/${config.name}`
    const found = known.get(key)
    if (found !== undefined) return found
    try {
      const { configuration } = await generations.get(generationId)
      const before = configuration.pools.find(pool => pool.name === config.name)
      known.set(key, !isDeepStrictEqual(before?.provider, config.provider))
    } catch (error) {
      logger.warn({ generation: generationId, pool: config.name, why: failureOf(error).message }, 'whether machines of an earlier configuration are up to date is not known')
    }
    return known.get(key) ?? false
  }
  return async (machines, configs, active) => {
    if (of !== active) known = new Map()
    of = active
    const outdated = new Set<number>()
    for (const { id, pool, wanted, generationId } of machines) {
      const config = configs.get(pool)
      if (wanted && generationId !== active && config && await differs(generationId, config)) outdated.add(id)
    }
    return outdated
  }
}
